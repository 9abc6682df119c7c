SELECT act.act_id, act.kind, act.actor, act.reason, act.data::text AS data, act.recorded_at, act.hash,
       (act.transaction_id, act.position) <= (sealed.transaction_id, sealed.position) AS overtaken
FROM audit_acts AS act
CROSS JOIN (SELECT tree_size, transaction_id, position FROM checkpoints ORDER BY tree_size DESC LIMIT 1) AS sealed
WHERE NOT EXISTS (SELECT FROM sealed_entries AS leaf
                  WHERE leaf.act_id = act.act_id AND leaf.leaf_index < sealed.tree_size)
LIMIT 1000
