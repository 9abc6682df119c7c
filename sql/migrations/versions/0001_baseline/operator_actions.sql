-- Operator actions: what operators and workers did besides the events of batches, by whom and why (docs/event-log.md).
-- The audit accepts a missing row only if an operator action removed it, so this file also decides which actions count.

-- The audit can only use an action whose data has the fields that it needs.
CREATE FUNCTION act_says_what_it_did(kind text, data jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE
    RETURN CASE kind
        WHEN 'cleanup' THEN is_an_instant(data ->> 'before')
        WHEN 'erase' THEN is_an_id(data ->> 'user_id') AND coalesce(jsonb_typeof(data -> 'batch_ids'), '') = 'array'
        WHEN 'archive' THEN is_an_id(data ->> 'before') AND is_a_count(data -> 'size') AND is_a_count(data -> 'events')
        ELSE true END;

CREATE TABLE audit_acts (
    act_id         uuid        PRIMARY KEY,
    -- Higher than every position of an event, so that within a transaction operator actions come after events.
    position       bigint      GENERATED ALWAYS AS IDENTITY (START WITH 4611686018427387904),
    kind           text        NOT NULL
        CHECK (kind IN ('rebuild', 'repair', 'redispatch', 'cleanup', 'erase', 'archive')),
    actor          text        NOT NULL CHECK (actor ~ '^(user|worker|operator):[A-Za-z0-9._:-]{1,64}$'),
    reason         text        NOT NULL CHECK (is_a_reason(reason)),
    data           jsonb       NOT NULL CHECK (jsonb_typeof(data) = 'object'),
    -- As for batch_events.recorded_at.
    recorded_at    timestamptz NOT NULL
        CONSTRAINT acts_in_our_era CHECK (recorded_at >= '2000-01-01Z' AND recorded_at < '9000-01-01Z'),
    transaction_id xid8        NOT NULL DEFAULT pg_current_xact_id(),
    hash           bytea       NOT NULL CHECK (length(hash) = 32),
    CONSTRAINT acts_say_what_they_did CHECK (act_says_what_it_did(kind, data))
);
COMMENT ON TABLE audit_acts IS 'Append only: what operators did, and why; see docs/event-log.md.';

CREATE INDEX audit_acts_in_commit_order ON audit_acts (transaction_id, position);
CREATE INDEX audit_acts_of_user ON audit_acts ((data ->> 'user_id')) WHERE kind = 'erase';
CREATE INDEX audit_acts_of_kind ON audit_acts (kind, recorded_at DESC);
-- Every page of an audit asks for the latest instant up to which rows were cleaned up.
CREATE INDEX audit_acts_of_cleanups ON audit_acts ((data ->> 'before')) WHERE kind = 'cleanup';

CREATE TRIGGER audit_acts_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_acts
    FOR EACH STATEMENT EXECUTE FUNCTION table_is_append_only();

CREATE TRIGGER audit_acts_give_their_transaction AFTER INSERT ON audit_acts
    REFERENCING NEW TABLE AS appended
    FOR EACH STATEMENT EXECUTE FUNCTION batch_events_give_their_transaction();

-- A clean-up dated in the future, from a machine whose clock is ahead, would excuse rows that are yet to go missing.
CREATE FUNCTION cleanups_look_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM appended
               WHERE kind = 'cleanup' AND (data ->> 'before')::timestamptz > now() + INTERVAL '1 minute') THEN
        RAISE EXCEPTION 'cannot record a clean-up whose "before" is in the future' USING ERRCODE = 'FB009',
            HINT = 'Compare the clock of the client''s machine with the clock of the database.';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER cleanups_look_back AFTER INSERT ON audit_acts
    REFERENCING NEW TABLE AS appended FOR EACH STATEMENT EXECUTE FUNCTION cleanups_look_back();

-- The operator actions that excuse missing rows: those that are sealed, or that the next checkpoint will cover.
-- An unsealed action at a global position below the last checkpoint, or of a transaction that has not started, was
-- inserted while the triggers were disabled: no checkpoint will ever cover it.
-- The view does not compute hashes: each reader of it must check that the hash of an action fits its content.
CREATE VIEW believed_acts AS
SELECT act.act_id, act.kind, act.actor, act.reason, act.data, act.recorded_at, act.hash
FROM audit_acts AS act
LEFT JOIN (SELECT tree_size, transaction_id, position FROM checkpoints ORDER BY tree_size DESC LIMIT 1) AS sealed
    ON true
WHERE act.transaction_id < pg_snapshot_xmax(pg_current_snapshot())
  AND act_says_what_it_did(act.kind, act.data)
  AND (sealed.tree_size IS NULL
       OR (act.transaction_id, act.position) > (sealed.transaction_id, sealed.position)
       OR EXISTS (SELECT FROM sealed_entries AS leaf
                  WHERE leaf.act_id = act.act_id AND leaf.entry = act.hash AND leaf.leaf_index < sealed.tree_size));
