SELECT act.act_id, act.kind, act.actor, act.reason, act.data, act.recorded_at, act.hash,
       coalesce((act.transaction_id, act.position) <= (sealed.transaction_id, sealed.position), false) AS inserted_behind_checkpoint,
       act.transaction_id >= pg_snapshot_xmax(pg_current_snapshot()) AS from_unstarted_transaction
FROM audit_acts AS act
LEFT JOIN (SELECT tree_size, transaction_id, position FROM checkpoints ORDER BY tree_size DESC LIMIT 1) AS sealed
    ON true
WHERE NOT EXISTS (SELECT FROM sealed_entries AS leaf
                  WHERE leaf.act_id = act.act_id AND leaf.leaf_index < sealed.tree_size)
ORDER BY from_unstarted_transaction DESC, inserted_behind_checkpoint DESC, act.transaction_id, act.position
LIMIT 1000
