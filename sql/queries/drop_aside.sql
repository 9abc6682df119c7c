DROP TABLE IF EXISTS batch_jobs_aside
