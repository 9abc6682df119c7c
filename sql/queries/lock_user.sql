SELECT pg_advisory_xact_lock(hashtextextended('submit ' || %(user_id)s::uuid::text, 0))
