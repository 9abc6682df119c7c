-- The event log: the only truth. Everything it promises, it enforces itself.
-- Every unique key contains batch_id, so that the table can be partitioned or distributed.

CREATE TABLE batch_events (
    batch_id       uuid        NOT NULL,
    version        integer     NOT NULL CHECK (version >= 1),
    position       bigint      GENERATED ALWAYS AS IDENTITY,
    type           text        NOT NULL
        CHECK (type IN ('Submitted', 'Started', 'ReportSucceeded', 'ReportFailed', 'Finished')),
    schema_version integer     NOT NULL CHECK (schema_version >= 1),
    data           jsonb       NOT NULL CHECK (jsonb_typeof(data) = 'object'),
    metadata       jsonb       NOT NULL CHECK (jsonb_typeof(metadata) = 'object'),
    recorded_at    timestamptz NOT NULL,
    transaction_id xid8        NOT NULL DEFAULT pg_current_xact_id(),
    previous_hash  bytea       NOT NULL CHECK (length(previous_hash) = 32),
    hash           bytea       NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (batch_id, version),
    CONSTRAINT submitted_is_first CHECK ((version = 1) = (type = 'Submitted')),
    CONSTRAINT chain_begins_with_zeros CHECK (version > 1 OR previous_hash = decode(repeat('00', 32), 'hex'))
);

COMMENT ON TABLE batch_events IS 'Append only. To change what it says, append; see docs/event-log.md.';

CREATE UNIQUE INDEX batch_events_one_outcome ON batch_events (batch_id, (data ->> 'report_id'))
    WHERE type IN ('ReportSucceeded', 'ReportFailed');

-- Read the log in this order and checkpoint on both: positions alone become visible out of order.
CREATE INDEX batch_events_in_commit_order ON batch_events (transaction_id, position);

CREATE FUNCTION batch_events_must_follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    SELECT appended.batch_id, appended.version, head.version AS head, head.type,
           head.hash = appended.previous_hash AS linked, head.recorded_at <= appended.recorded_at AS later
    INTO bad
    FROM appended
    LEFT JOIN batch_events AS head ON head.batch_id = appended.batch_id AND head.version = appended.version - 1
    WHERE appended.version > 1
      AND (head.version IS NULL OR head.type = 'Finished'
           OR head.hash <> appended.previous_hash OR head.recorded_at > appended.recorded_at)
    ORDER BY appended.batch_id, appended.version
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF bad.head IS NULL THEN
        RAISE EXCEPTION 'version % of batch % leaves a gap', bad.version, bad.batch_id
            USING ERRCODE = 'FB001', HINT = 'Read the stream again and decide again.';
    ELSIF bad.type = 'Finished' THEN
        RAISE EXCEPTION 'batch % has finished, nothing may follow', bad.batch_id USING ERRCODE = 'FB002';
    ELSIF NOT bad.linked THEN
        RAISE EXCEPTION 'version % of batch % does not link to the hash of the event before it',
            bad.version, bad.batch_id USING ERRCODE = 'FB003';
    ELSE
        RAISE EXCEPTION 'version % of batch % is recorded before the event before it', bad.version, bad.batch_id
            USING ERRCODE = 'FB004';
    END IF;
END
$$;

CREATE TRIGGER batch_events_must_follow AFTER INSERT ON batch_events
    REFERENCING NEW TABLE AS appended
    FOR EACH STATEMENT EXECUTE FUNCTION batch_events_must_follow();

CREATE FUNCTION batch_events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'batch_events is append-only: % is not allowed', TG_OP
        USING ERRCODE = 'FB005', HINT = 'History is corrected by appending, never by changing it.';
END
$$;

CREATE TRIGGER batch_events_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON batch_events
    FOR EACH STATEMENT EXECUTE FUNCTION batch_events_are_append_only();
