SELECT (SELECT count(*) FROM sealed_entries WHERE leaf_index >= %(size)s) AS leaves,
       (SELECT count(*) FROM tree_nodes WHERE node_index >= %(size)s::bigint >> level) AS nodes
