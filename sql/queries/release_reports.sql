DELETE FROM busy_reports
WHERE batch_id = %(batch_id)s
