"""The database itself refuses events that do not continue their stream, tried with plain SQL."""

from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from entrypoints.container import Database
from tests.support.database import Connection
from tests.support.event_rows import (
    BACKWARDS,
    CHECK,
    CHOSEN,
    FINISHED,
    FORBIDDEN,
    GAP,
    INSERT,
    NOW,
    OTHER_REPORT,
    REPORT,
    UNIQUE,
    UNLINKED,
    append,
    first_row,
    hash_of,
    refused,
)


def test_a_version_that_is_taken_is_refused(owner: Connection, batch: UUID) -> None:
    with refused(UNIQUE):
        append(owner, batch, 2, "Started")


def test_a_version_that_leaves_a_gap_is_refused(owner: Connection, batch: UUID) -> None:
    with refused(GAP):
        append(owner, batch, 4, "Started")


def test_a_stream_cannot_begin_with_version_2(owner: Connection) -> None:
    with refused(GAP):
        append(owner, uuid4(), 2, "Started")


@pytest.mark.parametrize(("version", "type_"), [(1, "Started"), (3, "Submitted")])
def test_submitted_is_the_first_event_and_no_other(owner: Connection, batch: UUID, version: int, type_: str) -> None:
    with refused(CHECK):
        append(owner, batch if version > 1 else uuid4(), version, type_)


@pytest.mark.parametrize("second", ["ReportSucceeded", "ReportFailed"])
def test_a_second_outcome_of_a_report_is_refused(owner: Connection, batch: UUID, second: str) -> None:
    append(owner, batch, 3, "ReportSucceeded", report_id=REPORT)
    with refused(UNIQUE):
        append(owner, batch, 4, second, report_id=REPORT)
    append(owner, batch, 4, second, report_id=OTHER_REPORT)


def test_nothing_is_appended_after_finished(owner: Connection, batch: UUID) -> None:
    append(owner, batch, 3, "Finished")
    for type_ in ("Started", "ReportFailed", "Finished"):
        with refused(FINISHED):
            append(owner, batch, 4, type_, report_id=REPORT)


def test_an_event_that_does_not_link_to_the_one_before_is_refused(owner: Connection, batch: UUID) -> None:
    with refused(UNLINKED):
        append(owner, batch, 3, "Started", previous=hash_of(9))
    with refused(CHECK):
        append(owner, uuid4(), 1, "Submitted", previous=hash_of(9))


def test_a_time_before_that_of_the_previous_event_is_refused(owner: Connection, batch: UUID) -> None:
    with refused(BACKWARDS):
        append(owner, batch, 3, "Started", at=NOW - timedelta(microseconds=1))


WITH_POSITION = INSERT.replace("hash)\nVALUES", "hash, position)\nOVERRIDING SYSTEM VALUE VALUES")
WITH_TRANSACTION = INSERT.replace("hash)\nVALUES", "hash, transaction_id)\nVALUES")


@pytest.mark.parametrize("insert", [WITH_POSITION, WITH_TRANSACTION], ids=["position", "transaction_id"])
def test_the_service_may_not_choose_position_or_transaction(app: Connection, insert: str) -> None:
    with refused(FORBIDDEN):
        app.execute(insert.replace("%(hash)s)", "%(hash)s, '1')").encode(), first_row())


def test_a_transaction_that_the_owner_chose_is_refused(owner: Connection) -> None:
    with refused(CHOSEN):
        owner.execute(WITH_TRANSACTION.replace("%(hash)s)", "%(hash)s, '1')").encode(), first_row())


def test_a_temporary_table_of_the_same_name_does_not_deceive_the_triggers(app: Connection, batch: UUID) -> None:
    app.execute("CREATE TEMPORARY TABLE batch_events (LIKE public.batch_events)")
    app.execute("INSERT INTO pg_temp.batch_events SELECT * FROM public.batch_events")
    with refused(GAP):
        app.execute(
            INSERT.replace("INTO batch_events", "INTO public.batch_events").encode(),
            first_row(batch_id=batch, version=9, type="Started", previous=hash_of(8)),
        )


def test_of_two_writers_of_the_same_version_one_wins(database: Database, batch: UUID) -> None:
    with psycopg.connect(database.url) as one, psycopg.connect(database.url) as other:
        append(one, batch, 3, "Started")
        other.execute("SET lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            append(other, batch, 3, "Started")
        other.rollback()
        one.commit()
        with refused(UNIQUE):
            append(other, batch, 3, "Started")
