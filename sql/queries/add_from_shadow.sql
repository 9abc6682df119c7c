INSERT INTO batch_jobs
SELECT shadow_jobs.*
FROM batch_jobs_shadow AS shadow_jobs
WHERE NOT EXISTS (SELECT FROM batch_jobs AS present WHERE present.batch_id = shadow_jobs.batch_id)
  AND shadow_jobs.processed_at >= greatest(
      %(kept_since)s::timestamptz,
      (SELECT max(data ->> 'before') FROM believed_acts WHERE kind = 'cleanup')::timestamptz)
  AND NOT EXISTS (
      SELECT FROM believed_acts AS act
      WHERE act.kind = 'erase'
        AND act.data ->> 'user_id' = shadow_jobs.user_id::text
        AND act.data -> 'batch_ids' ? shadow_jobs.batch_id::text)
ON CONFLICT (batch_id) DO NOTHING
