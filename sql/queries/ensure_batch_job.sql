INSERT INTO batch_jobs
    (batch_id, user_id, status, total_reports, successful, failed, results, report_ids,
     processed_at, created_at, updated_at, version)
VALUES
    (%(batch_id)s, %(user_id)s, %(status)s, %(total_reports)s, %(successful)s, %(failed)s, %(results)s,
     %(report_ids)s, %(processed_at)s, %(created_at)s, %(updated_at)s, %(version)s)
ON CONFLICT (batch_id) DO NOTHING
