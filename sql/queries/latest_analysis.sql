SELECT analysis_id, analysis
FROM narrative_analyses
WHERE report_id = %(report_id)s
ORDER BY analysis_id DESC
LIMIT 1
