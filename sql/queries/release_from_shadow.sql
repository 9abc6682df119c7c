DELETE FROM busy_reports
USING batch_jobs_shadow AS shadow_jobs
WHERE shadow_jobs.batch_id = busy_reports.batch_id
