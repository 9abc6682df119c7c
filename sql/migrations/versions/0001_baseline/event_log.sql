-- The event log, the source of truth. Constraints and triggers enforce its guarantees, whatever program writes to it.
-- The trigger functions are at the end of this file; partitions.sql creates the triggers.

-- Every unique key contains batch_id, so that the table can be partitioned by it.
CREATE TABLE batch_events (
    batch_id       uuid        NOT NULL,
    version        integer     NOT NULL CHECK (version >= 1),
    position       bigint      GENERATED ALWAYS AS IDENTITY,
    type           text        NOT NULL
        CHECK (type IN ('Submitted', 'Started', 'ReportSucceeded', 'ReportFailed', 'Finished')),
    schema_version integer     NOT NULL CHECK (schema_version >= 1),
    data           jsonb       NOT NULL CHECK (jsonb_typeof(data) = 'object'),
    metadata       jsonb       NOT NULL CHECK (jsonb_typeof(metadata) = 'object'),
    -- psycopg cannot read a time after the year 9999, and a clock that works shows none before 2000.
    recorded_at    timestamptz NOT NULL
        CONSTRAINT recorded_in_our_era CHECK (recorded_at >= '2000-01-01Z' AND recorded_at < '9000-01-01Z'),
    transaction_id xid8        NOT NULL DEFAULT pg_current_xact_id(),
    previous_hash  bytea       NOT NULL CHECK (length(previous_hash) = 32),
    hash           bytea       NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (batch_id, version),
    CONSTRAINT submitted_is_first CHECK ((version = 1) = (type = 'Submitted')),
    CONSTRAINT chain_begins_with_zeros CHECK (version > 1 OR previous_hash = decode(repeat('00', 32), 'hex')),
    -- batch_events_one_outcome compares ids as text: with a second spelling a report could have a second outcome.
    CONSTRAINT outcomes_name_a_report CHECK (
        type NOT IN ('ReportSucceeded', 'ReportFailed')
        OR coalesce(data ->> 'report_id', '') ~ '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'),
    CONSTRAINT reasons_are_short CHECK (is_a_reason(data ->> 'reason') AND is_a_reason(metadata ->> 'reason'))
);
COMMENT ON TABLE batch_events IS 'Append only. To change what it says, append; see docs/event-log.md.';

CREATE UNIQUE INDEX batch_events_one_outcome ON batch_events (batch_id, (data ->> 'report_id'))
    WHERE type IN ('ReportSucceeded', 'ReportFailed');

-- Readers of the log order by both columns and keep both as their cursor: transactions commit out of the order of their
-- positions, so a reader that kept only a position would miss events.
CREATE INDEX batch_events_in_commit_order ON batch_events (transaction_id, position);

-- Lists as of an instant, erasure and the audit look up the batches of a user, and the batches of a report, in the log:
-- rows of batch_jobs may be cleaned up or edited.
CREATE INDEX batch_events_of_user ON batch_events ((data ->> 'user_id'), recorded_at DESC, batch_id DESC)
    WHERE version = 1;
-- Every look-up scans the whole pending list of a GIN index, so the limit (in kB) is low.
CREATE INDEX batch_events_of_report ON batch_events USING gin ((data -> 'report_ids'))
    WITH (gin_pending_list_limit = 64) WHERE version = 1;

-- Refuse an event that does not follow the event before it.
-- Within a batch the order of global positions must be the order of versions, so that a reader of the log can fold it.
-- A previous event whose transaction has not started comes from a dump of another cluster, and counts as older.
-- The fixed search_path keeps a temporary table from standing in for a table of the log.
CREATE FUNCTION batch_events_must_follow() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
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
           OR head.hash <> appended.previous_hash OR head.recorded_at > appended.recorded_at
           OR (head.transaction_id > appended.transaction_id
               AND head.transaction_id < pg_snapshot_xmax(pg_current_snapshot()))
           OR (head.transaction_id = appended.transaction_id AND head.position > appended.position))
    ORDER BY appended.batch_id, appended.version
    LIMIT 1;
    IF NOT FOUND THEN
        -- An event that is sealed but no longer in the table was deleted. Another one must not take its version.
        SELECT appended.batch_id, appended.version INTO bad
        FROM appended
        WHERE appended.version <=
              (SELECT max(version) FROM sealed_entries AS sealed WHERE sealed.batch_id = appended.batch_id)
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'cannot append version % to batch %: this version is sealed, and its event was deleted',
                bad.version, bad.batch_id
                USING ERRCODE = 'FB008', HINT = 'Run `fna-batch audit verify` to see what is missing.';
        END IF;
        RETURN NULL;
    END IF;
    IF bad.head IS NULL THEN
        RAISE EXCEPTION 'cannot append version % to batch %: version % does not exist',
            bad.version, bad.batch_id, bad.version - 1
            USING ERRCODE = 'FB001', HINT = 'Read the stream again and decide again.';
    ELSIF bad.type = 'Finished' THEN
        RAISE EXCEPTION 'cannot append version % to batch %: the batch has finished', bad.version, bad.batch_id
            USING ERRCODE = 'FB002';
    ELSIF NOT bad.linked THEN
        RAISE EXCEPTION 'cannot append version % to batch %: previous_hash is not the hash of version %',
            bad.version, bad.batch_id, bad.version - 1
            USING ERRCODE = 'FB003';
    ELSIF NOT bad.later THEN
        RAISE EXCEPTION 'cannot append version % to batch %: recorded_at is earlier than that of version %',
            bad.version, bad.batch_id, bad.version - 1
            USING ERRCODE = 'FB004';
    ELSE
        RAISE EXCEPTION 'cannot append version % to batch %: its global position is lower than that of version %',
            bad.version, bad.batch_id, bad.version - 1
            USING ERRCODE = 'FB007', HINT = 'Append in a new transaction.';
    END IF;
END
$$;

-- Readers and the tree rely on transaction_id, so a writer must not choose it.
CREATE FUNCTION batch_events_give_their_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM appended WHERE transaction_id <> pg_current_xact_id()) THEN
        RAISE EXCEPTION 'transaction_id of % is not the id of the current transaction', TG_TABLE_NAME
            USING ERRCODE = 'FB006', HINT = 'Leave transaction_id out of the INSERT: the database sets it.';
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION batch_events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'batch_events is append-only: % is not allowed', TG_OP
        USING ERRCODE = 'FB005', HINT = 'To correct the log, append an event.';
END
$$;
