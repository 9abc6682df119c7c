SELECT tree_size AS size, previous_size, note, sealed_at, transaction_id::text AS transaction_id, position
FROM checkpoints
WHERE %(below)s::bigint IS NULL OR tree_size < %(below)s
ORDER BY tree_size DESC
LIMIT %(limit)s
