SELECT count(*) AS unfinished
FROM batch_jobs
WHERE status IN ('PENDING', 'PROCESSING')
  AND batch_id < %(before)s
