SELECT tree_size AS size, previous_size, note
FROM checkpoints
WHERE tree_size > %(above)s
ORDER BY tree_size
LIMIT %(limit)s
