-- What a row may hold, so that no reader meets what it cannot read, and no writer chooses what the database gives.

ALTER TABLE batch_events
    ADD CONSTRAINT outcomes_name_a_report CHECK (
        type NOT IN ('ReportSucceeded', 'ReportFailed')
        OR coalesce(data ->> 'report_id', '') ~ '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'),
    ADD CONSTRAINT recorded_in_our_era CHECK (recorded_at >= '2000-01-01Z' AND recorded_at < '9000-01-01Z');

CREATE FUNCTION batch_events_give_their_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM appended WHERE transaction_id <> pg_current_xact_id()) THEN
        RAISE EXCEPTION 'transaction_id is given by the database' USING ERRCODE = 'FB006';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER batch_events_give_their_transaction AFTER INSERT ON batch_events
    REFERENCING NEW TABLE AS appended
    FOR EACH STATEMENT EXECUTE FUNCTION batch_events_give_their_transaction();

-- A row of the queue names a batch, and its headers are an object: anything else would stop every worker that reads it.
ALTER TABLE pgqueuer
    ADD CONSTRAINT pgqueuer_names_a_batch CHECK (payload IS NOT NULL AND octet_length(payload) = 16),
    ADD CONSTRAINT pgqueuer_headers_are_an_object CHECK (
        coalesce(jsonb_typeof(headers), 'null') IN ('object', 'null'));
