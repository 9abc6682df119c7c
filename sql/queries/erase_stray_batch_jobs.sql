DELETE FROM batch_jobs
WHERE batch_id IN (
    SELECT job.batch_id
    FROM batch_jobs AS job
    WHERE job.user_id = %(user_id)s
      -- Rows of batches that the user submitted are deleted together with the operator action that names them.
      -- This statement deletes the other rows that bear the user's id: an edit of the table left them there.
      AND NOT EXISTS (SELECT FROM batch_events AS event
                      WHERE event.batch_id = job.batch_id
                        AND event.version = 1
                        AND event.data ->> 'user_id' = job.user_id::text)
    LIMIT %(most)s)
