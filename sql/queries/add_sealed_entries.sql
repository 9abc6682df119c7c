INSERT INTO sealed_entries (leaf_index, batch_id, version, act_id, entry)
SELECT *
FROM unnest(
    %(leaf_indexes)b::bigint[], %(batch_ids)b::uuid[], %(versions)b::integer[], %(act_ids)b::uuid[],
    %(entries)b::bytea[]
)
