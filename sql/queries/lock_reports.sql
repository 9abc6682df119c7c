SELECT id
FROM financial_reports
WHERE id = ANY (%(report_ids)s)
ORDER BY id
FOR UPDATE
