INSERT INTO busy_reports (report_id, batch_id)
SELECT report_id, %(batch_id)s
FROM unnest(%(report_ids)s::uuid[]) AS report_id
ORDER BY report_id
