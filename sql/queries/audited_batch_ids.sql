SELECT batch_id
FROM (
    (SELECT DISTINCT batch_id FROM batch_events
     WHERE batch_id > %(after)s ORDER BY batch_id LIMIT %(limit)s)
    UNION
    (SELECT batch_id FROM batch_jobs
     WHERE batch_id > %(after)s ORDER BY batch_id LIMIT %(limit)s)
) AS known
ORDER BY batch_id
LIMIT %(limit)s
