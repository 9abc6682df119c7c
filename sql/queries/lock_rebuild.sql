SELECT pg_try_advisory_lock(hashtextextended('fna-batch rebuild', 0)) AS ours
