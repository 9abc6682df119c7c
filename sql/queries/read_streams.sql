SELECT batch_id, version, type, schema_version, data, metadata, recorded_at, previous_hash, hash
FROM batch_events
WHERE batch_id = ANY (%(batch_ids)s)
ORDER BY batch_id, version
