UPDATE pgqueuer
SET headers = %(headers)s::jsonb
WHERE id = %(job_id)s
  AND status = 'picked'
  AND queue_manager_id = %(worker)s
