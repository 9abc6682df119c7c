DELETE FROM batch_jobs
WHERE batch_id IN (
    SELECT job.batch_id
    FROM batch_jobs AS job
    WHERE job.user_id = %(user_id)s
      AND NOT EXISTS (SELECT FROM batch_events AS event WHERE event.batch_id = job.batch_id)
    LIMIT 1000)
