SELECT has_table_privilege('batch_events', 'UPDATE')
           OR has_table_privilege('batch_events', 'DELETE')
           OR has_table_privilege('batch_events', 'TRUNCATE') AS may_change_events,
       count(*) FILTER (WHERE status = 'queued')::integer AS waiting,
       count(*) FILTER (WHERE status = 'picked')::integer AS running,
       extract(epoch FROM max(now() - execute_after) FILTER (WHERE status = 'queued'))::float8 AS oldest_waiting_s
FROM pgqueuer
WHERE execute_after <= now()
