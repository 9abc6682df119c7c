WITH sealed AS (
    SELECT tree_size, transaction_id, position FROM checkpoints ORDER BY tree_size DESC LIMIT 1
), believed AS (
    SELECT act.kind, act.data
    FROM audit_acts AS act
    LEFT JOIN sealed ON true
    WHERE act.kind IN ('cleanup', 'erase')
      AND (sealed.tree_size IS NULL
           OR (act.transaction_id, act.position) > (sealed.transaction_id, sealed.position)
           OR EXISTS (SELECT FROM sealed_entries AS leaf
                      WHERE leaf.act_id = act.act_id AND leaf.entry = act.hash
                        AND leaf.leaf_index < sealed.tree_size))
)
INSERT INTO batch_jobs
SELECT aside.*
FROM batch_jobs_aside AS aside
WHERE NOT EXISTS (SELECT FROM batch_jobs AS present WHERE present.batch_id = aside.batch_id)
  AND aside.processed_at >= greatest(
      %(kept_since)s::timestamptz,
      (SELECT max(data ->> 'before') FROM believed
       WHERE kind = 'cleanup' AND is_an_instant(data ->> 'before'))::timestamptz)
  AND NOT EXISTS (
      SELECT FROM believed AS act
      WHERE act.kind = 'erase'
        AND act.data ->> 'user_id' = aside.user_id::text
        AND act.data -> 'batch_ids' ? aside.batch_id::text)
ON CONFLICT (batch_id) DO NOTHING
