UPDATE financial_reports
SET processing_status = decided.status
FROM unnest(%(report_ids)s::uuid[], %(statuses)s::text[]) AS decided (report_id, status)
WHERE id = decided.report_id
  AND processing_status <> decided.status
