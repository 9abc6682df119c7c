-- As before, and: what the tree has sealed is never appended again. Where somebody cut off the end of a stream behind
-- the log's back, whoever goes on with it is refused, instead of writing another end over it.
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
        SELECT appended.batch_id, appended.version INTO bad
        FROM appended
        WHERE appended.version <=
              (SELECT max(version) FROM sealed_entries AS sealed WHERE sealed.batch_id = appended.batch_id)
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'version % of batch % was sealed already: the end of its stream was cut off',
                bad.version, bad.batch_id
                USING ERRCODE = 'FB008', HINT = 'Run `fna-batch audit verify`.';
        END IF;
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
