SELECT event.transaction_id >= pg_snapshot_xmax(pg_current_snapshot()) AS from_unstarted_transaction,
       event.batch_id, event.version, event.type, event.schema_version, event.data,
       event.metadata, event.recorded_at, event.previous_hash, event.hash,
       NOT EXISTS (SELECT FROM sealed_entries AS leaf
                   WHERE leaf.batch_id = event.batch_id AND leaf.version = event.version
                     AND leaf.leaf_index < sealed.tree_size)
           AND (event.transaction_id, event.position) <= (sealed.transaction_id, sealed.position) AS inserted_behind_checkpoint
FROM batch_events AS event
LEFT JOIN (SELECT tree_size, transaction_id, position FROM checkpoints ORDER BY tree_size DESC LIMIT 1) AS sealed ON true
WHERE event.batch_id = ANY (%(batch_ids)s)
ORDER BY event.batch_id, event.version
