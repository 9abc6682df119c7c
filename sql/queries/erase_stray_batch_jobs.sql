DELETE FROM batch_jobs
WHERE batch_id IN (
    SELECT job.batch_id
    FROM batch_jobs AS job
    WHERE job.user_id = %(user_id)s
      -- What the log gives this user goes with the act that names it. Whatever else bears their name goes here.
      AND NOT EXISTS (SELECT FROM batch_events AS event
                      WHERE event.batch_id = job.batch_id
                        AND event.version = 1
                        AND event.data ->> 'user_id' = job.user_id::text)
    LIMIT %(most)s)
