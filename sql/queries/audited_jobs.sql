SELECT batch_id, user_id, status, report_ids, results, processed_at, created_at, updated_at, version,
       total_reports, successful, failed
FROM batch_jobs
WHERE batch_id = ANY (%(batch_ids)s)
