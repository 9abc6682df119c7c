DELETE FROM financial_reports
WHERE user_id = %(user_id)s
