"""The database refuses values that a reader could not use: unknown types, impossible times, text of many lines."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.support.database import Connection
from tests.support.event_rows import CHECK, INSERT, REPORT, append, first_row, hash_of, refused

INSERT_ACTION = (
    b"INSERT INTO audit_acts (act_id, kind, actor, reason, data, recorded_at, hash) "
    b"VALUES (%s, %s, %s, %s, %s, now(), %s)"
)


def test_an_unknown_type_is_refused(owner: Connection, batch: UUID) -> None:
    with refused(CHECK):
        append(owner, batch, 3, "Repaired")


@pytest.mark.parametrize("report_id", ["", "r1", REPORT.upper()])
def test_an_outcome_without_a_canonical_report_id_is_refused(owner: Connection, batch: UUID, report_id: str) -> None:
    with refused(CHECK):
        append(owner, batch, 3, "ReportSucceeded", report_id=report_id)
    with refused(CHECK):
        append(owner, batch, 3, "ReportSucceeded")


TIMES = ["infinity", "-infinity", "0044-03-15 BC", "20000-01-01"]


@pytest.mark.parametrize("at", TIMES)
def test_an_event_at_a_time_that_no_clock_shows_is_refused(owner: Connection, at: str) -> None:
    with refused(CHECK):
        owner.execute(INSERT.replace("%(at)s", f"'{at}'").encode(), first_row())


@pytest.mark.parametrize("at", TIMES)
def test_a_row_of_the_read_model_at_a_time_that_no_clock_shows_is_refused(owner: Connection, at: str) -> None:
    row = "INSERT INTO batch_jobs VALUES (%s, %s, 'FAILED', 0, 0, 0, '[]', '{}', %s, now(), now(), 1)"
    with refused(CHECK):
        owner.execute(row.encode(), [uuid4(), uuid4(), at])


@pytest.mark.parametrize(
    ("payload", "headers"), [(None, None), (b"short", None), (bytes(16), "[]"), (bytes(16), '"text"')]
)
def test_a_row_of_the_queue_without_a_batch_id_is_refused(
    app: Connection, payload: bytes | None, headers: str | None
) -> None:
    with refused(CHECK):
        app.execute(
            "INSERT INTO pgqueuer (priority, status, entrypoint, payload, headers) "
            "VALUES (0, 'queued', 'batch', %s, %s)",
            [payload, headers],
        )


REASONS = [
    "jane\uff20example.com",
    "two\u2028lines",
    "a\u202eb",
    "",
    "x" * 201,
    "two\nlines",
    "jane@example.com",
    "a\x1bb",
    "   ",
    "\ufeffa",
    "a\u00adb",
    "a\u061cb",
    "a\U000e0041b",
]


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_that_is_not_one_short_line_is_refused(owner: Connection, batch: UUID, reason: str) -> None:
    with refused(CHECK):
        append(owner, batch, 3, "Finished", reason=reason)
    with refused(CHECK):
        owner.execute(INSERT.replace("'{}'", "%(metadata)s").encode(), first_row(metadata=Jsonb({"reason": reason})))
    with refused(CHECK):
        owner.execute(INSERT_ACTION, [uuid4(), "repair", "operator:x", reason, Jsonb({}), hash_of(1)])


def test_an_operator_action_has_a_short_reason_and_an_actor_without_an_address(owner: Connection) -> None:
    with refused(CHECK):
        owner.execute(INSERT_ACTION, [uuid4(), "repair", "Jane <jane@example.com>", "fine", Jsonb({}), hash_of(1)])
    owner.execute(INSERT_ACTION, [uuid4(), "repair", "operator:x", "x" * 200, Jsonb({}), hash_of(1)])


ACTIONS = [
    ("cleanup", {"before": "garbage"}),
    ("cleanup", {}),
    ("erase", {"user_id": "x", "batch_ids": []}),
    ("erase", {"user_id": REPORT, "batch_ids": "x"}),
    ("archive", {"before": REPORT, "size": "x", "events": 1}),
    ("archive", {"before": REPORT, "size": 1.5, "events": 1}),
    ("archive", {"before": REPORT, "size": 1, "events": -1}),
    ("cleanup", {"before": "8999-19-39T29:59:59.000000Z"}),
    ("cleanup", {"before": "2026-02-30T00:00:00.000000Z"}),
]


@pytest.mark.parametrize(("kind", "data"), ACTIONS)
def test_an_operator_action_without_the_fields_that_the_audit_needs_is_refused(
    app: Connection, kind: str, data: Any
) -> None:
    with refused(CHECK):
        app.execute(INSERT_ACTION, [uuid4(), kind, "operator:x", "x", Jsonb(data), hash_of(1)])
