INSERT INTO batch_events
    (batch_id, version, type, schema_version, data, metadata, recorded_at, previous_hash, hash)
SELECT *
FROM unnest(
    %(batch_ids)b::uuid[], %(versions)b::integer[], %(types)b::text[], %(schema_versions)b::integer[],
    %(data)b::jsonb[], %(metadata)b::jsonb[], %(recorded_at)b::timestamptz[],
    %(previous_hashes)b::bytea[], %(hashes)b::bytea[]
)
