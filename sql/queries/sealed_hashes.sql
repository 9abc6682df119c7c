SELECT entry
FROM sealed_entries
WHERE leaf_index >= %(first)s
  AND leaf_index < %(end)s
ORDER BY leaf_index
