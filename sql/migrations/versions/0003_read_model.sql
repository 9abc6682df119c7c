-- Derived from the log, and can be thrown away and rebuilt.

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
    version       integer     NOT NULL
);

CREATE INDEX batch_jobs_newest_first ON batch_jobs (user_id, created_at DESC, batch_id DESC);
CREATE INDEX batch_jobs_unfinished ON batch_jobs (user_id) WHERE status IN ('PENDING', 'PROCESSING');
CREATE INDEX batch_jobs_by_age ON batch_jobs (created_at);

-- A report is in at most one unfinished batch: the primary key says so.
CREATE TABLE busy_reports (
    report_id uuid PRIMARY KEY,
    batch_id  uuid NOT NULL
);
CREATE INDEX busy_reports_of_batch ON busy_reports (batch_id);

-- Written in the submitting transaction: a submit that is sent again leads to the same batch.
CREATE TABLE idempotency_keys (
    user_id     uuid        NOT NULL,
    key         text        NOT NULL CHECK (length(key) <= 255),
    fingerprint bytea       NOT NULL CHECK (length(fingerprint) = 32),
    batch_id    uuid        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);
