SELECT bytes
FROM report_chunks
WHERE report_id = %(report_id)s
ORDER BY ordinal
