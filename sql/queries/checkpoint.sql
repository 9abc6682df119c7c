SELECT tree_size AS size, previous_size, note, sealed_at, transaction_id::text AS transaction_id, position
FROM checkpoints
WHERE tree_size = %(size)s
