SELECT tree_size AS size, previous_size, note
FROM checkpoints
ORDER BY tree_size DESC
LIMIT 1
