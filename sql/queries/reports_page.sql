SELECT id AS report_id, user_id, report_type, format, size, sha256, company, fiscal_period, filing_date,
       processing_status, created_at
FROM financial_reports
WHERE user_id = %(user_id)s
  AND (%(after)s::uuid IS NULL OR id < %(after)s)
ORDER BY id DESC
LIMIT %(limit)s
