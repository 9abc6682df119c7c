UPDATE pgqueuer
SET status = 'queued', queue_manager_id = NULL, slot = NULL, updated = now(), execute_after = now()
WHERE status = 'picked'
  AND queue_manager_id = ANY (%(workers)s::uuid[])
RETURNING id
