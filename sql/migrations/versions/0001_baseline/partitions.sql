-- The triggers of the event log, and what an operator needs to partition it by month (docs/retention.md).

-- Create the triggers that protect the event log on one table: the log itself, or a partition of it.
-- A statement trigger fires only for the table that the statement names, so each partition needs its own.
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
SELECT protect_events('batch_events');

-- Return the lowest id (a UUIDv7) that a batch submitted at that instant or later can have: the bound of a partition.
CREATE FUNCTION first_batch_id(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$;
