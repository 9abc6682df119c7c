SELECT event.batch_id, event.version, event.type, event.schema_version, event.data,
       event.metadata, event.recorded_at, event.previous_hash, event.hash
FROM sealed_entries AS leaf
JOIN batch_events AS event ON event.batch_id = leaf.batch_id AND event.version = leaf.version
WHERE leaf.leaf_index >= %(first)s
  AND leaf.leaf_index < %(end)s
