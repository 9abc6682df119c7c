SELECT count(*) AS batches
FROM batch_events
WHERE version = 1
