DELETE FROM batch_jobs
WHERE batch_id IN (
    SELECT batch_id
    FROM batch_jobs
    WHERE status IN ('COMPLETED', 'PARTIALLY_COMPLETED', 'FAILED')
      AND processed_at < %(before)s
    ORDER BY processed_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED)
