-- The Merkle tree over the log, and its signed checkpoints (docs/verify.md). They prove the log as a whole.
-- They refer to events and operator actions without foreign keys: leaves outlive events that move to an archive.

CREATE FUNCTION table_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is not allowed', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'FB005', HINT = 'Append a new row instead.';
END
$$;

-- The leaves: every event and every operator action, in the order of global positions, without a gap.
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

-- The roots of complete subtrees of 256 leaves and more. With them a proof reads a few rows instead of every leaf;
-- smaller subtrees cost less to compute than to store.
CREATE TABLE tree_nodes (
    level      integer NOT NULL CHECK (level >= 8),
    node_index bigint  NOT NULL CHECK (node_index >= 0),
    hash       bytea   NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, node_index)
);

CREATE TABLE checkpoints (
    tree_size      bigint      PRIMARY KEY CHECK (tree_size > 0),
    previous_size  bigint      REFERENCES checkpoints CHECK (previous_size < tree_size),
    note           text        NOT NULL,
    -- As for batch_events.recorded_at.
    sealed_at      timestamptz NOT NULL
        CONSTRAINT sealed_in_our_era CHECK (sealed_at >= '2000-01-01Z' AND sealed_at < '9000-01-01Z'),
    transaction_id xid8        NOT NULL,
    position       bigint      NOT NULL,
    -- Two checkpoints with the same predecessor would be a fork. NULLS NOT DISTINCT: only one has no predecessor.
    CONSTRAINT checkpoints_are_one_chain UNIQUE NULLS NOT DISTINCT (previous_size)
);
COMMENT ON TABLE checkpoints IS 'Append only: signed notes over the tree; see docs/verify.md.';

CREATE TRIGGER sealed_entries_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sealed_entries
    FOR EACH STATEMENT EXECUTE FUNCTION table_is_append_only();
CREATE TRIGGER tree_nodes_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tree_nodes
    FOR EACH STATEMENT EXECUTE FUNCTION table_is_append_only();
CREATE TRIGGER checkpoints_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION table_is_append_only();
