-- Tables that the service keeps beside the log so that requests need not read it.
-- batch_jobs and busy_reports are projections: `fna-batch audit rebuild` computes them from the log again.

CREATE TABLE batch_jobs (
    batch_id      uuid        PRIMARY KEY,
    user_id       uuid        NOT NULL,
    status        text        NOT NULL
        CHECK (status IN ('PENDING', 'PROCESSING', 'COMPLETED', 'PARTIALLY_COMPLETED', 'FAILED')),
    total_reports integer     NOT NULL,
    successful    integer     NOT NULL,
    failed        integer     NOT NULL,
    results       jsonb       NOT NULL,
    report_ids    uuid[]      NOT NULL,
    processed_at  timestamptz,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    version       integer     NOT NULL,
    -- As for batch_events.recorded_at.
    CONSTRAINT times_in_our_era CHECK (
        coalesce(processed_at, created_at) >= '2000-01-01Z' AND coalesce(processed_at, created_at) < '9000-01-01Z'
        AND created_at >= '2000-01-01Z' AND created_at < '9000-01-01Z'
        AND updated_at >= '2000-01-01Z' AND updated_at < '9000-01-01Z')
);

CREATE INDEX batch_jobs_newest_first ON batch_jobs (user_id, created_at DESC, batch_id DESC);
CREATE INDEX batch_jobs_unfinished ON batch_jobs (user_id) WHERE status IN ('PENDING', 'PROCESSING');
CREATE INDEX batch_jobs_by_age ON batch_jobs (created_at);
-- Every worker looks once an hour for rows that retention removes.
CREATE INDEX batch_jobs_by_end ON batch_jobs (processed_at)
    WHERE status IN ('COMPLETED', 'PARTIALLY_COMPLETED', 'FAILED');

-- The primary key keeps a report in at most one unfinished batch.
CREATE TABLE busy_reports (
    report_id uuid PRIMARY KEY,
    batch_id  uuid NOT NULL
);
CREATE INDEX busy_reports_of_batch ON busy_reports (batch_id);

-- The submitting transaction writes the key, so a submit that the client repeats returns the same batch.
CREATE TABLE idempotency_keys (
    user_id     uuid        NOT NULL,
    key         text        NOT NULL CHECK (length(key) <= 255),
    fingerprint bytea       NOT NULL CHECK (length(fingerprint) = 32),
    batch_id    uuid        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);
