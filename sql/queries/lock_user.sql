SELECT pg_advisory_xact_lock_shared(hashtextextended('data of ' || %(user_id)s::uuid::text, 0)),
       pg_advisory_xact_lock(hashtextextended('submit ' || %(user_id)s::uuid::text, 0))
