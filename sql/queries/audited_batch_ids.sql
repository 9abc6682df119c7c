SELECT batch_id
FROM (
    (SELECT DISTINCT batch_id FROM batch_events
     WHERE %(after)s::uuid IS NULL OR batch_id > %(after)s ORDER BY batch_id LIMIT %(limit)s)
    UNION
    (SELECT batch_id FROM batch_jobs
     WHERE %(after)s::uuid IS NULL OR batch_id > %(after)s ORDER BY batch_id LIMIT %(limit)s)
    UNION
    (SELECT DISTINCT batch_id FROM busy_reports
     WHERE %(after)s::uuid IS NULL OR batch_id > %(after)s ORDER BY batch_id LIMIT %(limit)s)
    UNION
    (SELECT DISTINCT batch_id FROM sealed_entries
     WHERE batch_id IS NOT NULL AND (%(after)s::uuid IS NULL OR batch_id > %(after)s)
     ORDER BY batch_id LIMIT %(limit)s)
) AS known
ORDER BY batch_id
LIMIT %(limit)s
