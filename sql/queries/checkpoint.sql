SELECT tree_size AS size, previous_size, note
FROM checkpoints
WHERE tree_size = %(size)s
