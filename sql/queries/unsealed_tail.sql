SELECT count(*) AS events, min(recorded_at) AS since
FROM (
    SELECT recorded_at
    FROM batch_events
    WHERE (transaction_id, position) > (
            coalesce((SELECT transaction_id FROM checkpoints ORDER BY tree_size DESC LIMIT 1), '0'),
            coalesce((SELECT position FROM checkpoints ORDER BY tree_size DESC LIMIT 1), 0))
      AND (%(below)s::uuid IS NULL OR batch_id < %(below)s)
    ORDER BY transaction_id, position
    LIMIT 100000
) AS tail
