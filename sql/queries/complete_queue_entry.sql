DELETE FROM pgqueuer
WHERE id = %(job_id)s
  AND status = 'picked'
  AND queue_manager_id = %(worker)s
