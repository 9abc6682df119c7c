WITH sealed AS (
    SELECT tree_size, transaction_id, position FROM checkpoints ORDER BY tree_size DESC LIMIT 1
), believed AS (
    -- What is sealed as it stands, or will be by the next checkpoint. Anything else excuses nothing.
    SELECT act.kind, act.data
    FROM audit_acts AS act
    LEFT JOIN sealed ON true
    WHERE act.kind IN ('cleanup', 'erase', 'archive')
      AND (sealed.tree_size IS NULL
           OR (act.transaction_id, act.position) > (sealed.transaction_id, sealed.position)
           OR EXISTS (SELECT FROM sealed_entries AS leaf
                      WHERE leaf.act_id = act.act_id AND leaf.entry = act.hash
                        AND leaf.leaf_index < sealed.tree_size))
)
SELECT (SELECT max(data ->> 'before') FROM believed
        WHERE kind = 'cleanup' AND is_an_instant(data ->> 'before')) AS cleaned_before,
       (SELECT max(data ->> 'before') FROM believed
        WHERE kind = 'archive' AND is_an_id(data ->> 'before'))::uuid AS archived_before,
       ARRAY(SELECT DISTINCT submitted.batch_id
             FROM batch_events AS submitted
             JOIN believed AS act ON act.kind = 'erase' AND act.data ->> 'user_id' = submitted.data ->> 'user_id'
             WHERE submitted.batch_id = ANY (%(batch_ids)s)
               AND submitted.version = 1
               AND act.data -> 'batch_ids' ? submitted.batch_id::text) AS erased
