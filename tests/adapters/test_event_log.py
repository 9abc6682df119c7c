"""What the database itself refuses, tried with plain SQL and as the owner of the table."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from application.log import NO_HASH
from entrypoints.container import Database

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
INSERT = """
INSERT INTO batch_events
    (batch_id, version, type, schema_version, data, metadata, recorded_at, previous_hash, hash)
VALUES (%(batch_id)s, %(version)s, %(type)s, 1, %(data)s, '{}', %(at)s, %(previous)s, %(hash)s)
"""


@pytest.fixture
def owner(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def service(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.url, autocommit=True) as connection:
        yield connection


R1, R2 = str(UUID(int=0xA1)), str(UUID(int=0xA2))


def hash_of(version: int) -> bytes:
    return bytes([version]) * 32


def append(
    connection: psycopg.Connection[Any],
    batch_id: UUID,
    version: int,
    type_: str,
    *,
    at: datetime = NOW,
    previous: bytes | None = None,
    **data: str,
) -> None:
    row = {
        "batch_id": batch_id,
        "version": version,
        "type": type_,
        "data": Jsonb(data),
        "at": at,
        "previous": previous if previous is not None else hash_of(version - 1) if version > 1 else NO_HASH,
        "hash": hash_of(version),
    }
    connection.execute(INSERT, row)


@pytest.fixture
def batch(owner: psycopg.Connection[Any]) -> UUID:
    """A stream of two events."""
    batch_id = uuid4()
    append(owner, batch_id, 1, "Submitted")
    append(owner, batch_id, 2, "Started")
    return batch_id


def refused(sqlstate: str) -> Any:
    return pytest.raises(psycopg.Error, check=lambda error: getattr(error, "sqlstate", None) == sqlstate)


UNIQUE, CHECK, GAP, FINISHED, UNLINKED, BACKWARDS, APPEND_ONLY, CHOSEN, FORBIDDEN = (
    "23505",
    "23514",
    "FB001",
    "FB002",
    "FB003",
    "FB004",
    "FB005",
    "FB006",
    "42501",
)


def test_a_version_that_is_taken(owner: psycopg.Connection[Any], batch: UUID) -> None:
    with refused(UNIQUE):
        append(owner, batch, 2, "Started")


def test_a_version_that_leaves_a_gap(owner: psycopg.Connection[Any], batch: UUID) -> None:
    with refused(GAP):
        append(owner, batch, 4, "Started")


def test_a_stream_that_does_not_begin_at_the_beginning(owner: psycopg.Connection[Any]) -> None:
    with refused(GAP):
        append(owner, uuid4(), 2, "Started")


@pytest.mark.parametrize(("version", "type_"), [(1, "Started"), (3, "Submitted")])
def test_submitted_anywhere_but_first(owner: psycopg.Connection[Any], batch: UUID, version: int, type_: str) -> None:
    with refused(CHECK):
        append(owner, batch if version > 1 else uuid4(), version, type_)


@pytest.mark.parametrize("second", ["ReportSucceeded", "ReportFailed"])
def test_a_second_outcome_for_the_same_report(owner: psycopg.Connection[Any], batch: UUID, second: str) -> None:
    append(owner, batch, 3, "ReportSucceeded", report_id=R1)
    with refused(UNIQUE):
        append(owner, batch, 4, second, report_id=R1)
    append(owner, batch, 4, second, report_id=R2)


def test_anything_after_finished(owner: psycopg.Connection[Any], batch: UUID) -> None:
    append(owner, batch, 3, "Finished")
    for type_ in ("Started", "ReportFailed", "Finished"):
        with refused(FINISHED):
            append(owner, batch, 4, type_, report_id=R1)


def test_an_event_that_does_not_link_to_the_one_before(owner: psycopg.Connection[Any], batch: UUID) -> None:
    with refused(UNLINKED):
        append(owner, batch, 3, "Started", previous=hash_of(9))
    with refused(CHECK):
        append(owner, uuid4(), 1, "Submitted", previous=hash_of(9))


def test_a_time_before_that_of_the_event_before(owner: psycopg.Connection[Any], batch: UUID) -> None:
    with refused(BACKWARDS):
        append(owner, batch, 3, "Started", at=NOW - timedelta(microseconds=1))


def test_an_unknown_type(owner: psycopg.Connection[Any], batch: UUID) -> None:
    with refused(CHECK):
        append(owner, batch, 3, "Repaired")


@pytest.mark.parametrize("report_id", ["", "r1", R1.upper()])
def test_an_outcome_of_no_report_or_of_one_spelled_another_way(
    owner: psycopg.Connection[Any], batch: UUID, report_id: str
) -> None:
    with refused(CHECK):
        append(owner, batch, 3, "ReportSucceeded", report_id=report_id)
    with refused(CHECK):
        append(owner, batch, 3, "ReportSucceeded")


@pytest.mark.parametrize("at", ["infinity", "-infinity", "0044-03-15 BC", "20000-01-01"])
def test_a_time_that_no_clock_shows(owner: psycopg.Connection[Any], at: str) -> None:
    with refused(CHECK):
        owner.execute(INSERT.replace("%(at)s", f"'{at}'").encode(), first_row())


CHOOSING = {
    "position": INSERT.replace("hash)\nVALUES", "hash, position)\nOVERRIDING SYSTEM VALUE VALUES"),
    "transaction_id": INSERT.replace("hash)\nVALUES", "hash, transaction_id)\nVALUES"),
}


@pytest.mark.parametrize("chosen", CHOOSING)
def test_a_position_or_transaction_that_the_service_chose(service: psycopg.Connection[Any], chosen: str) -> None:
    with refused(FORBIDDEN):
        service.execute(CHOOSING[chosen].replace("%(hash)s)", "%(hash)s, '1')").encode(), first_row())


def test_a_transaction_that_the_owner_chose(owner: psycopg.Connection[Any]) -> None:
    with refused(CHOSEN):
        owner.execute(CHOOSING["transaction_id"].replace("%(hash)s)", "%(hash)s, '1')").encode(), first_row())


def first_row() -> dict[str, object]:
    return {
        "batch_id": uuid4(),
        "version": 1,
        "type": "Submitted",
        "data": Jsonb({}),
        "at": NOW,
        "previous": NO_HASH,
        "hash": hash_of(1),
    }


@pytest.mark.parametrize(
    ("payload", "headers"), [(None, None), (b"short", None), (bytes(16), "[]"), (bytes(16), '"text"')]
)
def test_a_row_of_the_queue_that_names_no_batch(
    service: psycopg.Connection[Any], payload: bytes | None, headers: str | None
) -> None:
    with refused(CHECK):
        service.execute(
            "INSERT INTO pgqueuer (priority, status, entrypoint, payload, headers) "
            "VALUES (0, 'queued', 'batch', %s, %s)",
            [payload, headers],
        )


CHANGES = [
    "UPDATE batch_events SET type = 'Finished'",
    "DELETE FROM batch_events",
    "TRUNCATE batch_events",
]


@pytest.mark.parametrize("change", CHANGES)
def test_changes_by_the_owner_are_refused_by_a_trigger(
    owner: psycopg.Connection[Any], batch: UUID, change: str
) -> None:
    with refused(APPEND_ONLY):
        owner.execute(change.encode())


@pytest.mark.parametrize(
    "change", [*CHANGES, "ALTER TABLE batch_events DISABLE TRIGGER ALL", "DROP TABLE batch_events"]
)
def test_changes_by_the_service_are_refused_by_its_privileges(
    service: psycopg.Connection[Any], batch: UUID, change: str
) -> None:
    with refused(FORBIDDEN):
        service.execute(change.encode())


PROOFS = ("audit_acts", "sealed_entries", "tree_nodes", "checkpoints")


@pytest.mark.parametrize("table", PROOFS)
@pytest.mark.parametrize("change", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "UPDATE {} SET ctid = ctid"])
def test_what_proves_the_log_is_never_changed(
    owner: psycopg.Connection[Any], service: psycopg.Connection[Any], table: str, change: str
) -> None:
    column = {"audit_acts": "kind", "sealed_entries": "entry", "tree_nodes": "hash", "checkpoints": "note"}[table]
    statement = change.format(table).replace("ctid", column).encode()
    with refused(APPEND_ONLY):
        owner.execute(statement)
    with refused(FORBIDDEN):
        service.execute(statement)


def test_checkpoints_are_one_chain(service: psycopg.Connection[Any]) -> None:
    add = "INSERT INTO checkpoints VALUES (%s, %s, 'note', now(), '1', 1)"
    service.execute(add, [5, None])
    service.execute(add, [7, 5])
    for size, previous in ((9, None), (9, 5), (9, 6), (6, 7), (7, 7), (0, None)):
        with pytest.raises(psycopg.errors.IntegrityError):
            service.execute(add, [size, previous])
    service.execute(add, [9, 7])


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
def test_a_reason_that_is_no_short_line(owner: psycopg.Connection[Any], batch: UUID, reason: str) -> None:
    with refused(CHECK):
        append(owner, batch, 3, "Finished", reason=reason)
    with refused(CHECK):
        owner.execute(
            INSERT.replace("'{}'", "%(metadata)s").encode(), first_row() | {"metadata": Jsonb({"reason": reason})}
        )
    act = (
        "INSERT INTO audit_acts (act_id, kind, actor, reason, data, recorded_at, hash) "
        "VALUES (%s, %s, %s, %s, '{}', now(), %s)"
    )
    with refused(CHECK):
        owner.execute(act.encode(), [uuid4(), "repair", "operator:x", reason, hash_of(1)])
    with refused(CHECK):
        owner.execute(act.encode(), [uuid4(), "repair", "Jane <jane@example.com>", "fine", hash_of(1)])
    owner.execute(act.encode(), [uuid4(), "repair", "operator:x", "x" * 200, hash_of(1)])


def test_a_temporary_table_of_that_name_deceives_no_trigger(service: psycopg.Connection[Any], batch: UUID) -> None:
    service.execute("CREATE TEMPORARY TABLE batch_events (LIKE public.batch_events)")
    service.execute("INSERT INTO pg_temp.batch_events SELECT * FROM public.batch_events")
    with refused(GAP):
        service.execute(
            INSERT.replace("INTO batch_events", "INTO public.batch_events").encode(),
            first_row() | {"batch_id": batch, "version": 9, "type": "Started", "previous": hash_of(8)},
        )


TIMES = ["infinity", "-infinity", "0044-03-15 BC", "20000-01-01"]


@pytest.mark.parametrize("at", TIMES)
def test_a_time_in_the_read_model_that_no_clock_shows(owner: psycopg.Connection[Any], at: str) -> None:
    row = "INSERT INTO batch_jobs VALUES (%s, %s, 'FAILED', 0, 0, 0, '[]', '{}', %s, now(), now(), 1)"
    with refused(CHECK):
        owner.execute(row.encode(), [uuid4(), uuid4(), at])


ACTS = [
    ("cleanup", {"before": "garbage"}),
    ("cleanup", {}),
    ("erase", {"user_id": "x", "batch_ids": []}),
    ("erase", {"user_id": R1, "batch_ids": "x"}),
    ("archive", {"before": R1, "size": "x", "events": 1}),
    ("archive", {"before": R1, "size": 1.5, "events": 1}),
    ("archive", {"before": R1, "size": 1, "events": -1}),
    ("cleanup", {"before": "8999-19-39T29:59:59.000000Z"}),
    ("cleanup", {"before": "2026-02-30T00:00:00.000000Z"}),
]


@pytest.mark.parametrize(("kind", "data"), ACTS)
def test_an_act_that_does_not_say_what_it_did(service: psycopg.Connection[Any], kind: str, data: Any) -> None:
    act = (
        "INSERT INTO audit_acts (act_id, kind, actor, reason, data, recorded_at, hash) "
        "VALUES (%s, %s, %s, %s, %s, now(), %s)"
    )
    with refused(CHECK):
        service.execute(act.encode(), [uuid4(), kind, "operator:x", "x", Jsonb(data), hash_of(1)])


def test_two_writers_of_the_same_version_one_wins(database: Database, batch: UUID) -> None:
    with psycopg.connect(database.url) as one, psycopg.connect(database.url) as other:
        append(one, batch, 3, "Started")
        other.execute("SET lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            append(other, batch, 3, "Started")
        other.rollback()
        one.commit()
        with refused(UNIQUE):
            append(other, batch, 3, "Started")
