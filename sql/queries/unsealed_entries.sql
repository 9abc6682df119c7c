WITH sealed AS (
    SELECT transaction_id, position FROM checkpoints ORDER BY tree_size DESC LIMIT 1
), cursor AS (
    SELECT transaction_id, position FROM sealed
    UNION ALL
    SELECT '0'::xid8, 0 WHERE NOT EXISTS (SELECT FROM sealed)
)
SELECT batch_id, version, act_id, hash, transaction_id::text AS transaction_id, position
FROM (
    (SELECT event.batch_id, event.version, NULL::uuid AS act_id, event.hash, event.transaction_id, event.position
     FROM batch_events AS event, cursor
     WHERE (event.transaction_id, event.position) > (cursor.transaction_id, cursor.position)
       AND event.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY event.transaction_id, event.position
     LIMIT %(limit)s)
    UNION ALL
    (SELECT NULL, NULL, act.act_id, act.hash, act.transaction_id, act.position
     FROM audit_acts AS act, cursor
     WHERE (act.transaction_id, act.position) > (cursor.transaction_id, cursor.position)
       AND act.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY act.transaction_id, act.position
     LIMIT %(limit)s)
) AS appended
ORDER BY appended.transaction_id, appended.position
LIMIT %(limit)s
