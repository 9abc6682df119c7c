"""Removals of the guarantees about the event log: streams, their events, the order in which they are read."""

from tests.removals.removal import Removal

LOG = "sql/migrations/versions/0001_baseline/event_log.sql"
PARTITIONS = "sql/migrations/versions/0001_baseline/partitions.sql"
LOG_TESTS = "tests/adapters/test_event_log.py::"
APPEND_ONLY = "tests/adapters/test_append_only.py::"
STORED_VALUES = "tests/adapters/test_stored_values.py::"
LOG_READING = "tests/adapters/test_log_reading.py::"
TAMPERING_REFUSALS = "tests/adapters/tampering/test_refusals.py::"
WRITE_PATH = "tests/application/test_write_path.py::"

REMOVALS = (
    Removal(
        "A stream has exactly one event per version, without gaps",
        LOG,
        "    PRIMARY KEY (batch_id, version),\n",
        "",
        LOG_TESTS + "test_a_version_that_is_taken_is_refused",
    ),
    Removal(
        "A stream has exactly one event per version, without gaps",
        LOG,
        "(head.version IS NULL OR head.type = 'Finished'",
        "(head.type = 'Finished'",
        LOG_TESTS + "test_a_version_that_leaves_a_gap_is_refused",
    ),
    Removal(
        "A batch records at most one outcome per report",
        LOG,
        "CREATE UNIQUE INDEX batch_events_one_outcome",
        "CREATE INDEX batch_events_one_outcome",
        LOG_TESTS + "test_a_second_outcome_of_a_report_is_refused",
    ),
    Removal(
        "A batch records at most one outcome per report",
        LOG,
        "coalesce(data ->> 'report_id', '') ~ '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'",
        "true",
        STORED_VALUES + "test_an_outcome_without_a_canonical_report_id_is_refused",
    ),
    Removal(
        "A version that a checkpoint covers is never appended again",
        LOG,
        "        IF FOUND THEN\n",
        "        IF false THEN\n",
        TAMPERING_REFUSALS + "test_nothing_is_appended_where_the_last_events_were_removed",
    ),
    Removal(
        "A batch has one `Finished` event, and nothing follows it",
        LOG,
        "(head.version IS NULL OR head.type = 'Finished'",
        "(head.version IS NULL",
        LOG_TESTS + "test_nothing_is_appended_after_finished",
    ),
    Removal(
        "`recorded_at` never goes back within a batch",
        LOG,
        " OR head.recorded_at > appended.recorded_at\n",
        "\n",
        LOG_TESTS + "test_a_time_before_that_of_the_previous_event_is_refused",
    ),
    Removal(
        "`recorded_at` never goes back within a batch",
        "application/handler.py",
        "max(self._clock(), head.recorded_at)",
        "self._clock()",
        WRITE_PATH + "test_events_are_chained_and_their_time_never_goes_back",
    ),
    Removal(
        "Events are never changed or deleted",
        PARTITIONS,
        "BEFORE UPDATE OR DELETE OR TRUNCATE ON %s",
        "BEFORE UPDATE ON %s",
        APPEND_ONLY + "test_changes_by_the_owner_are_refused_by_a_trigger",
    ),
    Removal(
        "Events are never changed or deleted",
        "sql/migrations/grants.sql",
        "GRANT SELECT ON batch_events TO fna_batch_app;",
        "GRANT SELECT, UPDATE, DELETE, TRUNCATE ON batch_events TO fna_batch_app;",
        APPEND_ONLY + "test_changes_by_the_service_are_refused_by_its_privileges",
    ),
    Removal(
        "Each event links to the hash of the event before it",
        LOG,
        "OR head.hash <> appended.previous_hash OR",
        "OR",
        LOG_TESTS + "test_an_event_that_does_not_link_to_the_one_before_is_refused",
    ),
    Removal(
        "The database assigns position and transaction id",
        LOG,
        "WHERE transaction_id <> pg_current_xact_id()",
        "WHERE false",
        LOG_TESTS + "test_a_transaction_that_the_owner_chose_is_refused",
    ),
    Removal(
        "Within a batch, commit order is the order of versions",
        LOG,
        "           OR (head.transaction_id > appended.transaction_id\n"
        "               AND head.transaction_id < pg_snapshot_xmax(pg_current_snapshot()))\n",
        "",
        LOG_READING + "test_an_append_that_would_precede_its_head_in_commit_order_is_refused",
    ),
    Removal(
        "No event ever appears behind the cursor of a reader",
        "sql/queries/log_after.sql",
        "WHERE transaction_id < pg_snapshot_xmin(pg_current_snapshot())\n",
        "WHERE true\n",
        LOG_READING + "test_an_event_that_an_open_transaction_could_still_precede_is_not_read_yet",
    ),
    Removal(
        "Free text in the log is one short line",
        LOG,
        "CHECK (is_a_reason(data ->> 'reason') AND is_a_reason(metadata ->> 'reason'))",
        "CHECK (true)",
        STORED_VALUES + "test_a_reason_that_is_not_one_short_line_is_refused",
    ),
    Removal(
        "Events of every released schema version can be read",
        "adapters/codec/events.py",
        '{("Submitted", 1): _submitted_2}',
        "{}",
        "tests/adapters/test_codec.py::test_a_released_shape_decodes_to_the_event_that_was_encoded",
    ),
)
