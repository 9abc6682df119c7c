UPDATE pgqueuer
SET heartbeat = now(), updated = now()
WHERE id = ANY (%(job_ids)s::bigint[])
  AND status = 'picked'
  AND queue_manager_id = %(worker)s
RETURNING id
