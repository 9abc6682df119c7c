-- Which acts excuse what is missing, said once: those that say what they did, and that a checkpoint covers or will cover.

CREATE OR REPLACE FUNCTION is_an_instant(given text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN coalesce(given, '') ~ '^[2-8]\d{3}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$'
        AND given::timestamptz IS NOT NULL;
EXCEPTION WHEN datetime_field_overflow THEN
    RETURN false;
END
$$;

CREATE FUNCTION is_a_count(given jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE
    RETURN coalesce(given::text, '') ~ '^\d{1,18}$';

CREATE FUNCTION act_says_what_it_did(kind text, data jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE
    RETURN CASE kind
        WHEN 'cleanup' THEN is_an_instant(data ->> 'before')
        WHEN 'erase' THEN is_an_id(data ->> 'user_id') AND coalesce(jsonb_typeof(data -> 'batch_ids'), '') = 'array'
        WHEN 'archive' THEN is_an_id(data ->> 'before') AND is_a_count(data -> 'size') AND is_a_count(data -> 'events')
        ELSE true END;

ALTER TABLE audit_acts
    DROP CONSTRAINT acts_say_what_they_did,
    ADD CONSTRAINT acts_say_what_they_did CHECK (act_says_what_it_did(kind, data)) NOT VALID;

-- What no clock shows, no program reads.
ALTER TABLE audit_acts ADD CONSTRAINT acts_in_our_era
    CHECK (recorded_at >= '2000-01-01Z' AND recorded_at < '9000-01-01Z') NOT VALID;
ALTER TABLE checkpoints ADD CONSTRAINT sealed_in_our_era
    CHECK (sealed_at >= '2000-01-01Z' AND sealed_at < '9000-01-01Z') NOT VALID;

-- A clean-up up to an instant that is still to come, by a clock that is ahead, would excuse what is not there yet.
CREATE FUNCTION cleanups_look_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM appended
               WHERE kind = 'cleanup' AND (data ->> 'before')::timestamptz > now() + INTERVAL '1 minute') THEN
        RAISE EXCEPTION 'a clean-up up to an instant that is still to come' USING ERRCODE = 'FB009',
            HINT = 'Compare the clock of the machine with that of the database.';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER cleanups_look_back AFTER INSERT ON audit_acts
    REFERENCING NEW TABLE AS appended FOR EACH STATEMENT EXECUTE FUNCTION cleanups_look_back();

-- As before, and: no blanks alone, no character that nobody sees.
CREATE OR REPLACE FUNCTION is_a_reason(given text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT given IS NULL OR (length(given) BETWEEN 1 AND 200 AND given !~ '^ *$' AND given !~
        '[[:cntrl:]@\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe6b\ufeff\uff20\ufffe\uffff\U000e0000-\U000e007f]')
$$;

CREATE TRIGGER audit_acts_give_their_transaction AFTER INSERT ON audit_acts
    REFERENCING NEW TABLE AS appended
    FOR EACH STATEMENT EXECUTE FUNCTION batch_events_give_their_transaction();

-- Whoever reads it sees to it that the content of an act fits its hash, too.
-- What stands before the last sealed entry and is not sealed, or in a transaction that has not begun, never will be.
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

-- Triggers for each statement know the table alone that the statement names: a partition of the log needs its own.
CREATE FUNCTION protect_events(part regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE OR REPLACE TRIGGER batch_events_must_follow AFTER INSERT ON %s '
        'REFERENCING NEW TABLE AS appended FOR EACH STATEMENT EXECUTE FUNCTION batch_events_must_follow()', part);
    EXECUTE format('CREATE OR REPLACE TRIGGER batch_events_give_their_transaction AFTER INSERT ON %s '
        'REFERENCING NEW TABLE AS appended FOR EACH STATEMENT EXECUTE FUNCTION batch_events_give_their_transaction()',
        part);
    EXECUTE format('CREATE OR REPLACE TRIGGER batch_events_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION batch_events_are_append_only()', part);
END
$$;

-- The latest instant up to which rows were cleaned up is asked for with every page of an audit.
CREATE INDEX audit_acts_of_cleanups ON audit_acts ((data ->> 'before')) WHERE kind = 'cleanup';

-- What was inserted last lies unsorted until it is this many kB, and every look-up reads all of it.
ALTER INDEX batch_events_of_report SET (gin_pending_list_limit = 64);
