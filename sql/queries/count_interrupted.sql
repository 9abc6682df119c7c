-- Started batches without a holder: the lease has expired, or the batch was handed back or released.
SELECT count(*) AS interrupted
FROM pgqueuer
WHERE (status = 'picked' AND heartbeat < now() - %(timeout)s::interval)
   OR (status = 'queued' AND updated > created AND execute_after <= now())
