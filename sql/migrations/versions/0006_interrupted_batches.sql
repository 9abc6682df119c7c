-- What was begun and given back, for workers that look for it twice a second.
CREATE INDEX pgqueuer_interrupted_idx ON pgqueuer (execute_after) WHERE status = 'queued' AND updated > created;
