SELECT pg_advisory_xact_lock_shared(hashtextextended('fna-batch erasure', 0))
