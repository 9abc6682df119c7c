WITH removals AS (
    (SELECT act.*, NULL::uuid AS batch_id FROM believed_acts AS act
     WHERE kind = 'cleanup' ORDER BY data ->> 'before' DESC LIMIT 10)
    UNION ALL
    (SELECT act.*, NULL FROM believed_acts AS act WHERE kind = 'archive')
    UNION ALL
    (SELECT act.*, submitted.batch_id
     FROM batch_events AS submitted
     JOIN believed_acts AS act ON act.kind = 'erase' AND act.data ->> 'user_id' = submitted.data ->> 'user_id'
     WHERE submitted.batch_id = ANY (%(batch_ids)s)
       AND submitted.version = 1
       AND act.data -> 'batch_ids' ? submitted.batch_id::text)
)
SELECT batch_id, act_id, kind, actor, reason, data, recorded_at, hash
FROM removals
