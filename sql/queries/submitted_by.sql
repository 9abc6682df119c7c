SELECT recorded_at AS created_at, batch_id
FROM batch_events
WHERE version = 1
  AND data ->> 'user_id' = %(user_id)s::uuid::text
  AND (%(until)s::timestamptz IS NULL OR recorded_at <= %(until)s)
  AND (%(after_batch_id)s::uuid IS NULL
       OR (recorded_at, batch_id) < (%(after_created_at)s::timestamptz, %(after_batch_id)s::uuid))
ORDER BY recorded_at DESC, batch_id DESC
LIMIT %(limit)s
