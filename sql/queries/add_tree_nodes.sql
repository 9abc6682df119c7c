INSERT INTO tree_nodes (level, node_index, hash)
SELECT *
FROM unnest(%(levels)b::integer[], %(indexes)b::bigint[], %(hashes)b::bytea[])
