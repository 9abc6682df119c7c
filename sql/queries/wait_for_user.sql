SELECT pg_advisory_xact_lock(hashtextextended('data of ' || %(user_id)s::uuid::text, 0))
