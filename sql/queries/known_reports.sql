SELECT report.id AS report_id,
       EXISTS (SELECT FROM busy_reports AS busy WHERE busy.report_id = report.id) AS busy,
       EXISTS (SELECT FROM narrative_analyses AS analysis WHERE analysis.report_id = report.id) AS analysed
FROM financial_reports AS report
WHERE report.user_id = %(user_id)s
  AND report.id = ANY (%(report_ids)s)
