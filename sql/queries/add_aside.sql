INSERT INTO batch_jobs_aside
SELECT *
FROM jsonb_populate_recordset(NULL::batch_jobs, %(rows)s::jsonb)
