DELETE FROM report_chunks
WHERE (report_id, ordinal) IN (
    SELECT chunk.report_id, chunk.ordinal
    FROM financial_reports AS report
    JOIN report_chunks AS chunk ON chunk.report_id = report.id
    WHERE report.user_id = %(user_id)s
    LIMIT %(most)s)
