-- The privileges of the role that the service runs with. It may append to the log and to the tree over it, but change or
-- remove nothing in them. env.py runs this file after every migration, so it must be safe to run again.
-- If the migrating user may not create roles, only the triggers protect the log, and `fna-batch doctor` reports it.

DO $$
BEGIN
    CREATE ROLE fna_batch_app NOLOGIN;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN RAISE NOTICE 'role fna_batch_app was not created: %', SQLERRM;
END
$$;

DO $$
DECLARE
    part regclass;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'fna_batch_app') THEN
        RETURN;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO fna_batch_app', current_schema());
    REVOKE INSERT ON batch_events FROM fna_batch_app;
    GRANT SELECT ON batch_events TO fna_batch_app;
    -- The database sets position and transaction_id, so the service gets no privilege to insert them.
    GRANT INSERT (batch_id, version, type, schema_version, data, metadata, recorded_at, previous_hash, hash)
        ON batch_events TO fna_batch_app;
    -- The service reaches partitions only through batch_events, whose triggers check every event.
    FOR part IN SELECT relid FROM pg_partition_tree('batch_events') WHERE relid <> 'batch_events'::regclass LOOP
        EXECUTE format('REVOKE ALL ON %s FROM fna_batch_app', part);
    END LOOP;
    GRANT SELECT ON audit_acts, believed_acts TO fna_batch_app;
    GRANT INSERT (act_id, kind, actor, reason, data, recorded_at, hash) ON audit_acts TO fna_batch_app;
    GRANT SELECT, INSERT ON sealed_entries, tree_nodes, checkpoints TO fna_batch_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON
        financial_reports, report_chunks, narrative_analyses, batch_jobs, busy_reports, idempotency_keys
        TO fna_batch_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON
        pgqueuer, pgqueuer_log, pgqueuer_statistics, pgqueuer_schedules TO fna_batch_app;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO fna_batch_app;
    GRANT SELECT ON alembic_version TO fna_batch_app;
    -- The embedded database creates this user for the service.
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'fna_batch_service') THEN
        GRANT fna_batch_app TO fna_batch_service;
    END IF;
END
$$;
