SELECT jobs.*, queue.*, log.*
FROM (
    SELECT count(*) FILTER (WHERE status = 'PENDING') AS pending,
           count(*) FILTER (WHERE status = 'PROCESSING') AS processing,
           count(*) FILTER (WHERE status = 'COMPLETED') AS completed,
           count(*) FILTER (WHERE status = 'PARTIALLY_COMPLETED') AS partially_completed,
           count(*) FILTER (WHERE status = 'FAILED') AS failed,
           (SELECT count(*) FROM batch_events
            WHERE version = 1 AND batch_id >= first_batch_id(now() - INTERVAL '24 hours')) AS submitted_in_24_hours
    FROM batch_jobs
) AS jobs
CROSS JOIN (
    SELECT count(*) FILTER (WHERE status = 'queued') AS waiting_in_queue,
           extract(epoch FROM now() - min(created) FILTER (WHERE status = 'queued'))::float8
               AS oldest_in_queue_s
    FROM pgqueuer
) AS queue
CROSS JOIN (
    SELECT coalesce(max(tree_size), 0) AS sealed_entries,
           extract(epoch FROM now() - max(sealed_at))::float8 AS latest_checkpoint_age_s
    FROM checkpoints
) AS log
