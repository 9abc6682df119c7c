SELECT pg_advisory_xact_lock_shared(hashtextextended('data of ' || %(user_id)s::uuid::text, 0))
