SELECT count(*) AS active
FROM batch_jobs
WHERE user_id = %(user_id)s
  AND status IN ('PENDING', 'PROCESSING')
