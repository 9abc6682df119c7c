SELECT (SELECT count(*) FROM pg_trigger
        WHERE NOT tgisinternal AND tgenabled NOT IN ('O', 'A')
          AND tgrelid = ANY (ARRAY['batch_events', 'audit_acts', 'sealed_entries', 'tree_nodes', 'checkpoints']::regclass[])
       )::integer AS triggers_off,
       (SELECT extract(epoch FROM now() - event.recorded_at)
        FROM batch_events AS event
        WHERE (event.transaction_id, event.position) > (
                coalesce((SELECT transaction_id FROM checkpoints ORDER BY tree_size DESC LIMIT 1), '0'),
                coalesce((SELECT position FROM checkpoints ORDER BY tree_size DESC LIMIT 1), 0))
        ORDER BY event.transaction_id, event.position
        LIMIT 1)::float8 AS oldest_unsealed_s,
       has_table_privilege('batch_events', 'UPDATE')
           OR has_table_privilege('batch_events', 'DELETE')
           OR has_table_privilege('batch_events', 'TRUNCATE') AS may_change_events,
       count(*) FILTER (WHERE NOT held)::integer AS waiting,
       count(*) FILTER (WHERE held)::integer AS running,
       extract(epoch FROM max(now() - since) FILTER (WHERE NOT held))::float8
           AS oldest_waiting_s
FROM (
    SELECT execute_after,
           CASE status WHEN 'picked' THEN heartbeat ELSE execute_after END AS since,
           status = 'picked' AND heartbeat >= now() - %(heartbeat_timeout)s::interval AS held
    FROM pgqueuer
) AS queue
WHERE execute_after <= now()
