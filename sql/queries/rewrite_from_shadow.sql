UPDATE batch_jobs
SET user_id = shadow_jobs.user_id, status = shadow_jobs.status, total_reports = shadow_jobs.total_reports,
    successful = shadow_jobs.successful, failed = shadow_jobs.failed, results = shadow_jobs.results, report_ids = shadow_jobs.report_ids,
    processed_at = shadow_jobs.processed_at, created_at = shadow_jobs.created_at, updated_at = shadow_jobs.updated_at,
    version = shadow_jobs.version
FROM batch_jobs_shadow AS shadow_jobs
WHERE shadow_jobs.batch_id = batch_jobs.batch_id
  AND ROW(shadow_jobs.*) IS DISTINCT FROM ROW(batch_jobs.*)
