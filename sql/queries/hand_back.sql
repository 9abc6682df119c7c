WITH handed_back AS (
    UPDATE pgqueuer
    SET status = 'queued', queue_manager_id = NULL, slot = NULL, updated = now(),
        execute_after = now() + %(delay)s, headers = %(headers)s::jsonb
    WHERE id = %(job_id)s
      AND status = 'picked'
      AND queue_manager_id = %(worker)s
    RETURNING id
)
-- Other workers need not wait for their next poll.
SELECT pg_notify('ch_pgqueuer', '{}')
FROM handed_back
