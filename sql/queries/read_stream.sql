SELECT batch_id, version, type, schema_version, data, metadata, recorded_at, previous_hash, hash
FROM batch_events
WHERE batch_id = %(batch_id)s
ORDER BY version
