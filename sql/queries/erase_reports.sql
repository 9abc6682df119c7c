DELETE FROM financial_reports
WHERE id IN (SELECT id FROM financial_reports WHERE user_id = %(user_id)s LIMIT %(most)s)
