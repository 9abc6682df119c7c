INSERT INTO financial_reports
    (id, user_id, report_type, format, size, sha256, company, fiscal_period, filing_date, processing_status, created_at)
VALUES
    (%(report_id)s, %(user_id)s, %(report_type)s, %(format)s, %(size)s, %(sha256)s, %(company)s,
     %(fiscal_period)s, %(filing_date)s, %(processing_status)s, %(created_at)s)
