SELECT leaf_index
FROM sealed_entries
WHERE batch_id = %(batch_id)s
  AND version = %(version)s
