DROP TABLE IF EXISTS batch_jobs_shadow
