DELETE FROM batch_jobs
WHERE batch_id IN (
    SELECT batch_id
    FROM batch_jobs AS job
    WHERE status IN ('COMPLETED', 'PARTIALLY_COMPLETED', 'FAILED')
      AND processed_at < %(before)s
      -- The status of the row may have been edited, so the log decides whether the batch has finished.
      AND (EXISTS (SELECT FROM batch_events AS event WHERE event.batch_id = job.batch_id AND event.type = 'Finished')
           OR NOT EXISTS (SELECT FROM batch_events AS event WHERE event.batch_id = job.batch_id))
    ORDER BY processed_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED)
