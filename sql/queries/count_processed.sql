SELECT count(*) AS processed
FROM batch_jobs
WHERE status IN ('COMPLETED', 'PARTIALLY_COMPLETED', 'FAILED')
  AND processed_at < %(before)s
