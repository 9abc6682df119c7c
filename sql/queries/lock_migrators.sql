SELECT pg_advisory_xact_lock(hashtextextended('fna-batch migrations', 0))
