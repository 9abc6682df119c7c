DELETE FROM busy_reports
USING batch_jobs_aside AS aside
WHERE aside.batch_id = busy_reports.batch_id
