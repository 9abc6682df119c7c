DELETE FROM batch_jobs
WHERE user_id = %(user_id)s
