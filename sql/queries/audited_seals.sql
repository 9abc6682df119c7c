SELECT batch_id, version, entry
FROM sealed_entries
WHERE batch_id = ANY (%(batch_ids)s)
