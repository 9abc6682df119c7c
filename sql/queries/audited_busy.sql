SELECT batch_id, array_agg(report_id) AS report_ids
FROM busy_reports
WHERE batch_id = ANY (%(batch_ids)s)
GROUP BY batch_id
