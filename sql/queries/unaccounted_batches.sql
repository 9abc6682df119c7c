-- Unfinished batches that no worker would ever claim.
SELECT batch_id
FROM batch_jobs
WHERE status IN ('PENDING', 'PROCESSING')
  AND NOT EXISTS (
      SELECT FROM pgqueuer
      WHERE dedupe_key = batch_jobs.batch_id::text
        AND pgqueuer.status IN ('queued', 'picked'))
ORDER BY created_at
LIMIT 100
