SELECT count(*) AS unsealed
FROM batch_events
WHERE (transaction_id, position) > (
        coalesce((SELECT transaction_id FROM checkpoints ORDER BY tree_size DESC LIMIT 1), '0'),
        coalesce((SELECT position FROM checkpoints ORDER BY tree_size DESC LIMIT 1), 0))
  AND batch_id < %(batch_id)s
