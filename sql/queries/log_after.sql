SELECT batch_id, version, type, schema_version, data, metadata, recorded_at, previous_hash, hash,
       transaction_id::text AS transaction_id, position
FROM batch_events
WHERE transaction_id < pg_snapshot_xmin(pg_current_snapshot())
  AND (transaction_id, position) > (%(transaction_id)s::text::xid8, %(position)s)
ORDER BY batch_events.transaction_id, position
LIMIT %(limit)s
