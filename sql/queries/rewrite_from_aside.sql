UPDATE batch_jobs
SET user_id = aside.user_id, status = aside.status, total_reports = aside.total_reports,
    successful = aside.successful, failed = aside.failed, results = aside.results, report_ids = aside.report_ids,
    processed_at = aside.processed_at, created_at = aside.created_at, updated_at = aside.updated_at,
    version = aside.version
FROM batch_jobs_aside AS aside
WHERE aside.batch_id = batch_jobs.batch_id
  AND ROW(aside.*) IS DISTINCT FROM ROW(batch_jobs.*)
