-- What FNA Batch adds to the queue of PgQueuer.

-- A row that PgQueuer cannot decode would stop every worker that fetches it.
ALTER TABLE pgqueuer
    ADD CONSTRAINT pgqueuer_names_a_batch CHECK (payload IS NOT NULL AND octet_length(payload) = 16),
    ADD CONSTRAINT pgqueuer_headers_are_an_object CHECK (
        coalesce(jsonb_typeof(headers), 'null') IN ('object', 'null'));

-- Every worker looks twice a second for batches that another worker started and handed back.
CREATE INDEX pgqueuer_interrupted_idx ON pgqueuer (execute_after) WHERE status = 'queued' AND updated > created;
