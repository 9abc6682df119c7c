-- What proves the log as a whole: acts of operators, and signed checkpoints over a Merkle tree of everything.

CREATE FUNCTION table_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is not allowed', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'FB005', HINT = 'History is corrected by appending, never by changing it.';
END
$$;

-- Text that people wrote stands in a reason alone: one short line, and no address of anybody.
CREATE FUNCTION is_a_reason(given text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT given IS NULL OR (length(given) BETWEEN 1 AND 200 AND given !~
        '[[:cntrl:]@\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufe6b\uff20\ufffe\uffff]')
$$;

ALTER TABLE batch_events
    ADD CONSTRAINT reasons_are_short CHECK (is_a_reason(data ->> 'reason') AND is_a_reason(metadata ->> 'reason'));

-- Which batches a user had, and in which batches a report was, told by the log.
CREATE INDEX batch_events_of_user ON batch_events ((data ->> 'user_id'), recorded_at DESC, batch_id DESC)
    WHERE version = 1;
CREATE INDEX batch_events_of_report ON batch_events USING gin ((data -> 'report_ids')) WHERE version = 1;

-- What no clock shows, no program reads.
ALTER TABLE batch_jobs
    ADD CONSTRAINT times_in_our_era CHECK (
        coalesce(processed_at, created_at) >= '2000-01-01Z' AND coalesce(processed_at, created_at) < '9000-01-01Z'
        AND created_at >= '2000-01-01Z' AND created_at < '9000-01-01Z'
        AND updated_at >= '2000-01-01Z' AND updated_at < '9000-01-01Z');

-- Within a batch the order of commits is the order of versions, so that whoever reads in commit order can follow it.
-- A head from the future comes out of another cluster's dump, and is older.
-- The tables that it reads are these, whatever temporary ones bear their names.
CREATE OR REPLACE FUNCTION batch_events_must_follow() RETURNS trigger LANGUAGE plpgsql
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
    ELSIF NOT bad.later THEN
        RAISE EXCEPTION 'version % of batch % is recorded before the event before it', bad.version, bad.batch_id
            USING ERRCODE = 'FB004';
    ELSE
        RAISE EXCEPTION 'version % of batch % would come before the event before it in the order of commits',
            bad.version, bad.batch_id
            USING ERRCODE = 'FB007', HINT = 'Begin the transaction again.';
    END IF;
END
$$;

CREATE FUNCTION is_an_instant(given text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(given, '') ~ '^[2-8]\d{3}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{6}Z$'
$$;
CREATE FUNCTION is_an_id(given text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(given, '') ~ '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
$$;

-- What was done to the system besides the lives of batches, by whom and why.
CREATE TABLE audit_acts (
    act_id         uuid        PRIMARY KEY,
    -- Beyond every position of an event: within a transaction acts come after events.
    position       bigint      GENERATED ALWAYS AS IDENTITY (START WITH 4611686018427387904),
    kind           text        NOT NULL
        CHECK (kind IN ('rebuild', 'repair', 'redispatch', 'cleanup', 'erase', 'archive')),
    actor          text        NOT NULL CHECK (actor ~ '^(user|worker|operator):[A-Za-z0-9._:-]{1,64}$'),
    reason         text        NOT NULL CHECK (is_a_reason(reason)),
    data           jsonb       NOT NULL CHECK (jsonb_typeof(data) = 'object'),
    recorded_at    timestamptz NOT NULL,
    transaction_id xid8        NOT NULL DEFAULT pg_current_xact_id(),
    hash           bytea       NOT NULL CHECK (length(hash) = 32),
    CONSTRAINT acts_say_what_they_did CHECK (CASE kind
        WHEN 'cleanup' THEN is_an_instant(data ->> 'before')
        WHEN 'erase' THEN is_an_id(data ->> 'user_id') AND coalesce(jsonb_typeof(data -> 'batch_ids'), '') = 'array'
        WHEN 'archive' THEN is_an_id(data ->> 'before') AND coalesce(jsonb_typeof(data -> 'size'), '') = 'number'
            AND coalesce(jsonb_typeof(data -> 'events'), '') = 'number'
        ELSE true END)
);
COMMENT ON TABLE audit_acts IS 'Append only: what operators did, and why; see docs/event-log.md.';
CREATE INDEX audit_acts_in_commit_order ON audit_acts (transaction_id, position);
CREATE INDEX audit_acts_of_user ON audit_acts ((data ->> 'user_id')) WHERE kind = 'erase';
CREATE INDEX audit_acts_of_kind ON audit_acts (kind, recorded_at DESC);

-- The leaves of the tree: every event and every act in commit order, without a gap.
CREATE TABLE sealed_entries (
    leaf_index bigint  PRIMARY KEY CHECK (leaf_index >= 0),
    batch_id   uuid,
    version    integer,
    act_id     uuid UNIQUE,
    entry      bytea   NOT NULL CHECK (length(entry) = 32),
    UNIQUE (batch_id, version),
    CONSTRAINT an_event_or_an_act CHECK (
        (batch_id IS NULL) = (version IS NULL) AND (batch_id IS NULL) <> (act_id IS NULL))
);
COMMENT ON TABLE sealed_entries IS 'Append only: the leaves of the Merkle tree; see docs/verify.md.';

-- Its complete subtrees of 256 leaves and more, so that a proof reads a few rows.
CREATE TABLE tree_nodes (
    level      integer NOT NULL CHECK (level >= 8),
    node_index bigint  NOT NULL CHECK (node_index >= 0),
    hash       bytea   NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, node_index)
);

-- Each follows the one before it, and none has two successors.
CREATE TABLE checkpoints (
    tree_size      bigint      PRIMARY KEY CHECK (tree_size > 0),
    previous_size  bigint      REFERENCES checkpoints CHECK (previous_size < tree_size),
    note           text        NOT NULL,
    sealed_at      timestamptz NOT NULL,
    transaction_id xid8        NOT NULL,
    position       bigint      NOT NULL,
    CONSTRAINT checkpoints_are_one_chain UNIQUE NULLS NOT DISTINCT (previous_size)
);
COMMENT ON TABLE checkpoints IS 'Append only: signed notes over the tree; see docs/verify.md.';

CREATE TRIGGER audit_acts_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_acts
    FOR EACH STATEMENT EXECUTE FUNCTION table_is_append_only();
CREATE TRIGGER sealed_entries_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sealed_entries
    FOR EACH STATEMENT EXECUTE FUNCTION table_is_append_only();
CREATE TRIGGER tree_nodes_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tree_nodes
    FOR EACH STATEMENT EXECUTE FUNCTION table_is_append_only();
CREATE TRIGGER checkpoints_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION table_is_append_only();

-- For retention, which looks every hour.
CREATE INDEX batch_jobs_by_end ON batch_jobs (processed_at)
    WHERE status IN ('COMPLETED', 'PARTIALLY_COMPLETED', 'FAILED');

-- The least id that a batch submitted at that instant or later can have (UUIDv7), for partitions by time.
CREATE FUNCTION first_batch_id(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$;
