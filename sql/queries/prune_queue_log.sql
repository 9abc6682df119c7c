DELETE FROM pgqueuer_log
WHERE created < now() - INTERVAL '1 hour'
