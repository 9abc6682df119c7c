INSERT INTO sealed_entries (leaf_index, batch_id, version, act_id, entry)
SELECT *
FROM unnest(
    %(leaf_indexes)s::bigint[], %(batch_ids)s::uuid[], %(versions)s::integer[], %(act_ids)s::uuid[],
    %(entries)s::bytea[]
)
