SELECT CASE status WHEN 'picked' THEN queue_manager_id::text END AS holder, heartbeat, execute_after AS not_before
FROM pgqueuer
WHERE dedupe_key = %(batch_id)s::uuid::text
  AND status IN ('queued', 'picked')
