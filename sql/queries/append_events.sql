INSERT INTO batch_events
    (batch_id, version, type, schema_version, data, metadata, recorded_at, previous_hash, hash)
SELECT *
FROM unnest(
    %(batch_ids)s::uuid[], %(versions)s::integer[], %(types)s::text[], %(schema_versions)s::integer[],
    %(data)s::jsonb[], %(metadata)s::jsonb[], %(recorded_at)s::timestamptz[],
    %(previous_hashes)s::bytea[], %(hashes)s::bytea[]
)
