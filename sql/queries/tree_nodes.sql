SELECT level, node_index, hash
FROM tree_nodes
JOIN unnest(%(levels)s::integer[], %(indexes)s::bigint[]) AS wanted (level, node_index) USING (level, node_index)
