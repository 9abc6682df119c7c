SELECT batch_id, user_id, status, report_ids, results, processed_at, created_at, updated_at, version,
       total_reports, successful, failed
FROM batch_jobs
WHERE user_id = %(user_id)s
  AND (%(status)s::text IS NULL OR status = %(status)s)
  AND (%(after_batch_id)s::uuid IS NULL
       OR (created_at, batch_id) < (%(after_created_at)s::timestamptz, %(after_batch_id)s::uuid))
ORDER BY created_at DESC, batch_id DESC
LIMIT %(limit)s
