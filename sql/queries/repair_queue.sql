-- Entries that no worker would claim, or not for more than a minute.
UPDATE pgqueuer
SET entrypoint = 'batch', status = 'queued', queue_manager_id = NULL, slot = NULL,
    execute_after = now(), heartbeat = now(), updated = now()
WHERE status IN ('queued', 'picked')
  AND (entrypoint <> 'batch'
       OR execute_after > now() + INTERVAL '1 minute'
       OR heartbeat > now() + INTERVAL '1 minute'
       OR execute_after = '-infinity')
