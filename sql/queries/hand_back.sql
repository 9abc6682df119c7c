WITH handed_back AS (
    UPDATE pgqueuer
    SET status = 'queued', queue_manager_id = NULL, slot = NULL, updated = now(), execute_after = now() + %(delay)s
    WHERE id = %(job_id)s
      AND status = 'picked'
      AND queue_manager_id = %(worker)s
    RETURNING id
)
SELECT pg_notify(%(channel)s, '{}')
FROM handed_back
