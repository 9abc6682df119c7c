SELECT batch_id, version, entry
FROM sealed_entries
WHERE batch_id = ANY (%(batch_ids)s)
  AND leaf_index < (SELECT max(tree_size) FROM checkpoints)
