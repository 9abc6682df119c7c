INSERT INTO batch_jobs
SELECT aside.*
FROM batch_jobs_aside AS aside
WHERE NOT EXISTS (SELECT FROM batch_jobs AS present WHERE present.batch_id = aside.batch_id)
  AND aside.processed_at >= greatest(
      %(kept_since)s::timestamptz,
      (SELECT max(data ->> 'before') FROM believed_acts WHERE kind = 'cleanup')::timestamptz)
  AND NOT EXISTS (
      SELECT FROM believed_acts AS act
      WHERE act.kind = 'erase'
        AND act.data ->> 'user_id' = aside.user_id::text
        AND act.data -> 'batch_ids' ? aside.batch_id::text)
ON CONFLICT (batch_id) DO NOTHING
