SELECT pg_try_advisory_xact_lock(hashtextextended('fna-batch sealing', 0)) AS ours
