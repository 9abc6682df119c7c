SELECT tree_size AS size, previous_size, note, sealed_at, transaction_id::text AS transaction_id, position
FROM checkpoints
ORDER BY tree_size DESC
LIMIT 1
