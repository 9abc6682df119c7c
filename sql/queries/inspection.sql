WITH log AS (
    SELECT 'batch_events'::regclass AS part
    UNION
    SELECT relid FROM pg_partition_tree('batch_events')
), needed AS (
    SELECT part, name
    FROM log, unnest(ARRAY['batch_events_must_follow', 'batch_events_give_their_transaction',
                           'batch_events_are_append_only']) AS name
    UNION ALL
    SELECT part::regclass, part || '_are_append_only'
    FROM unnest(ARRAY['audit_acts', 'sealed_entries', 'tree_nodes', 'checkpoints']) AS part
    UNION ALL
    SELECT 'audit_acts'::regclass, unnest(ARRAY['audit_acts_give_their_transaction', 'cleanups_look_back'])
)
SELECT (SELECT count(*) FROM needed
        WHERE NOT EXISTS (SELECT FROM pg_trigger
                          WHERE tgrelid = part AND tgname = name AND tgenabled IN ('O', 'A')))::integer AS triggers_off,
       (SELECT extract(epoch FROM now() - event.recorded_at)
        FROM batch_events AS event
        WHERE (event.transaction_id, event.position) > (
                coalesce((SELECT transaction_id FROM checkpoints ORDER BY tree_size DESC LIMIT 1), '0'),
                coalesce((SELECT position FROM checkpoints ORDER BY tree_size DESC LIMIT 1), 0))
        ORDER BY event.transaction_id, event.position
        LIMIT 1)::float8 AS oldest_unsealed_s,
       (SELECT bool_or(has_table_privilege(part, 'UPDATE, DELETE, TRUNCATE')) FROM log) AS may_change_events,
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
