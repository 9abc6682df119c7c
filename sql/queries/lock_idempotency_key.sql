SELECT pg_try_advisory_xact_lock(hashtextextended('key ' || %(user_id)s::uuid::text || ' ' || %(key)s::text, 0)) AS ours
