SELECT leaf.leaf_index, leaf.entry, leaf.batch_id, leaf.version, leaf.act_id,
       coalesce(event.transaction_id, act.transaction_id)::text AS transaction_id,
       coalesce(event.position, act.position) AS position,
       act.kind, act.actor, act.reason, act.data, act.recorded_at, act.hash
FROM sealed_entries AS leaf
LEFT JOIN batch_events AS event ON event.batch_id = leaf.batch_id AND event.version = leaf.version
LEFT JOIN audit_acts AS act ON act.act_id = leaf.act_id
WHERE leaf.leaf_index >= %(first)s
  AND leaf.leaf_index < %(end)s
ORDER BY leaf.leaf_index
