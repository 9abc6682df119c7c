DELETE FROM batch_jobs
WHERE batch_id = ANY (%(batch_ids)s)
