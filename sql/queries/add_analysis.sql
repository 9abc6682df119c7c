INSERT INTO narrative_analyses (analysis_id, report_id, batch_id, model_version, analysis, created_at)
VALUES (%(analysis_id)s, %(report_id)s, %(batch_id)s, %(model_version)s, %(analysis)s, %(created_at)s)
