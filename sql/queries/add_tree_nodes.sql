INSERT INTO tree_nodes (level, node_index, hash)
SELECT *
FROM unnest(%(levels)s::integer[], %(indexes)s::bigint[], %(hashes)s::bytea[])
