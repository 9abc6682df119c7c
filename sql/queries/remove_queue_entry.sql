DELETE FROM pgqueuer
WHERE dedupe_key = %(batch_id)s::uuid::text
