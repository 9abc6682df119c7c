-- Reports that users uploaded, and the analyses of them. Erasing a user's data deletes from these tables.

CREATE TABLE financial_reports (
    id                uuid        PRIMARY KEY,
    user_id           uuid        NOT NULL,
    report_type       text        NOT NULL CHECK (report_type IN ('10-K', '10-Q', '8-K', 'annual_report')),
    format            text        NOT NULL CHECK (format IN ('html', 'ixbrl', 'text', 'pdf')),
    size              bigint      NOT NULL CHECK (size > 0),
    sha256            bytea       NOT NULL CHECK (length(sha256) = 32),
    company           text,
    fiscal_period     text,
    filing_date       date,
    processing_status text        NOT NULL
        CHECK (processing_status IN ('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED')),
    created_at        timestamptz NOT NULL
);

CREATE INDEX financial_reports_newest_first ON financial_reports (user_id, id DESC);

-- The bytes of an upload, in chunks, so that neither the service nor PostgreSQL holds a whole upload in memory.
CREATE TABLE report_chunks (
    report_id uuid    NOT NULL REFERENCES financial_reports ON DELETE CASCADE,
    ordinal   integer NOT NULL CHECK (ordinal >= 0),
    bytes     bytea   NOT NULL,
    PRIMARY KEY (report_id, ordinal)
);
-- EXTERNAL saves the time to compress each chunk. PostgreSQL 15 does not take STORAGE in CREATE TABLE.
ALTER TABLE report_chunks ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE narrative_analyses (
    analysis_id   uuid        PRIMARY KEY,
    report_id     uuid        NOT NULL REFERENCES financial_reports ON DELETE CASCADE,
    batch_id      uuid        NOT NULL,
    model_version text        NOT NULL,
    analysis      jsonb       NOT NULL,
    created_at    timestamptz NOT NULL,
    UNIQUE (batch_id, report_id)
);

CREATE INDEX narrative_analyses_of_report ON narrative_analyses (report_id, analysis_id DESC);
