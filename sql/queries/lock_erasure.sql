SELECT pg_advisory_xact_lock(hashtextextended('fna-batch erasure', 0))
