DELETE FROM batch_jobs
WHERE batch_id = %(batch_id)s
