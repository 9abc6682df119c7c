INSERT INTO batch_jobs_shadow
SELECT *
FROM jsonb_populate_recordset(NULL::batch_jobs, %(rows)s::jsonb)
