"""docs/retention.md as it stands: the log in partitions, an old one moved out, and everything still verifies."""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from dependency_injector import providers

from application.audit.export import ArchivedMeanwhile
from application.audit.merkle import Range
from application.audit.ports.sealed_log import Leaf, SealedLog
from application.audit.signed_notes import public_key, sign
from application.audit.signed_notes import receipt as receipt_text
from application.audit.tree_audit import TreeAudit
from application.errors import ClockAhead, UnknownToTheLog, WrongExpectedVersion
from application.operations.archive import NotYetPast, StillRunning, first_id_of
from entrypoints.cli.jsonl_file import JsonLinesFile
from entrypoints.container import Container, Database, inspect, migrate
from tests.support.batches import (
    ATTRIBUTION,
    all_findings,
    checked_offline,
    export_lines,
    finished_batch,
    started_batch,
    submitted_batch,
)
from tests.support.builders import stream_of
from tests.support.command_line import command_runner
from tests.support.database import execute_as_superuser, rows_of

DOCS = Path(__file__).parents[2] / "docs" / "retention.md"
TO_PARTITIONS, MOVE_OUT = re.findall(r"```sql\n(.*?)```", DOCS.read_text(), re.DOTALL)


def partitioned(database: Database, bound: datetime) -> None:
    """With the bounds of the document moved to where this test is."""
    statements = TO_PARTITIONS.replace("2027-01-01Z", bound.isoformat())
    statements = statements.replace("2027-02-01Z", (bound + timedelta(days=1)).isoformat())
    with psycopg.connect(database.admin_url, autocommit=True) as owner:
        owner.execute(statements.encode())
    migrate(database.admin_url)


PARTS = ("batch_events", "batch_events_before_2027", "batch_events_2027_01", "batch_events_later")


async def test_the_log_goes_on_in_partitions(container: Container, database: Database) -> None:
    before = await started_batch(container, reports=2)
    await finished_batch(container)
    await container.sealer().seal()
    partitioned(database, datetime.now(UTC) + timedelta(hours=1))
    await finished_batch(container)
    batch, _ = await container.handler().read(before)
    assert batch.attempt == 1
    stream = stream_of("Submitted", "Started")
    async with container.storage().transaction() as tx:
        assert await tx.events.append([stream]) == [None]
        (refused,) = await tx.events.append([stream[1:]])
        (gap,) = await tx.events.append([stream_of("Started", "Started", after=stream[1])[1:]])
    assert isinstance(refused, WrongExpectedVersion)
    assert isinstance(gap, WrongExpectedVersion)
    with psycopg.connect(database.url, autocommit=True) as service:
        for part in PARTS:
            for statement in ("DELETE FROM {}", "UPDATE {} SET version = 9", "TRUNCATE {}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    service.execute(statement.format(part).encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            service.execute("INSERT INTO batch_events_before_2027 (batch_id) SELECT gen_random_uuid()")
    with psycopg.connect(database.admin_url, autocommit=True) as owner:
        for part in PARTS:
            with pytest.raises(psycopg.DatabaseError, match="append-only"):
                owner.execute(f"DELETE FROM {part}".encode())
        assert inspect(database.url, 10).triggers_off == 0
        owner.execute("DROP TRIGGER batch_events_are_append_only ON batch_events_later")
        assert inspect(database.url, 10).triggers_off == 1
    await container.sealer().seal_all()
    problems = [problem async for _, found in container.tree_audit().recompute() for problem in found]
    assert problems == []


async def test_old_batches_move_into_a_file_and_everything_still_verifies(
    container: Container, database: Database, tmp_path: Path
) -> None:
    old = await finished_batch(container, reports=2)
    bound = datetime.now(UTC)
    partitioned(database, bound)
    young = await finished_batch(container)
    submitted_old = (await container.batch_audit().history(old)).events[0]
    receipt = sign(receipt_text("fna-batch", old, submitted_old.hash, submitted_old.recorded_at), container.signer())
    run, keys = command_runner(database, tmp_path), [str(public_key(container.signer()))]
    file = tmp_path / "log.jsonl"
    asked = ("audit", "archive", str(file), "--before", bound.isoformat(), "--reason", "the law")
    with psycopg.connect(database.admin_url, autocommit=True) as owner:
        owner.execute("DELETE FROM batch_jobs WHERE batch_id = %s", [old])
    async for _ in container.retention().clean(timedelta(0), ATTRIBUTION):
        pass
    archived = await container.archive()(bound, ATTRIBUTION, lambda _: None, digest=lambda: "")
    assert old < archived.before < young
    done = run(*asked, "--json")
    assert done.returncode == 0, done.stderr
    lines = file.read_text().splitlines()
    assert checked_offline(lines, keys) == []
    with psycopg.connect(database.admin_url, autocommit=True) as owner:
        for statement in MOVE_OUT.strip().split(";\n"):
            owner.execute(statement.encode())
    assert await all_findings(container) == []
    assert (await container.proofs().inclusion(old, 1)).leaf_index == 0
    with pytest.raises(UnknownToTheLog, match="moved into an archive file"):
        await container.batch_audit().history(old)
    with pytest.raises(UnknownToTheLog, match="moved into an archive file"):
        await container.explain_batch()(old)
    replayed = run("audit", "replay", "--projector", "application.read_model:project")
    assert (replayed.returncode, replayed.stdout) == (0, "1 batch replayed, 0 would differ.\n")
    later = run("audit", "export", "-").stdout.splitlines()
    assert checked_offline(later, keys, receipts=[receipt]) == []
    assert [record["archived"]["batch_id"] for record in map(json.loads, later) if "archived" in record] == [
        str(old)
    ] * 5
    assert checked_offline(later, keys) == []

    with psycopg.connect(database.admin_url, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("DELETE FROM batch_events WHERE batch_id = %s", [young])
    assert {finding.batch_id for finding in await all_findings(container)} == {young}
    broken = run("audit", "export", "-").stdout.splitlines()
    assert any(str(young) in wrong for wrong in checked_offline(broken, keys))


class Meanwhile:
    """A sealed log in which somebody does something before its leaves are read for the first time."""

    def __init__(self, log: SealedLog, happens: Callable[[], Awaitable[None]]) -> None:
        self._log, self._happens = log, happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    async def leaves(self, leaves: Range) -> Sequence[Leaf]:
        happens, self._happens = self._happens, _nothing
        await happens()
        return await self._log.leaves(leaves)


async def _nothing() -> None:
    return None


async def test_moving_a_batch_out_while_the_tree_is_verified_is_no_finding(
    container: Container, database: Database
) -> None:
    await finished_batch(container)
    await container.sealer().seal_all()

    async def move_out() -> None:
        await container.archive()(datetime.now(UTC), ATTRIBUTION, lambda _: None, digest=lambda: "")
        with psycopg.connect(database.admin_url, autocommit=True) as owner:
            owner.execute("SET session_replication_role = replica")
            owner.execute("DELETE FROM batch_events")

    log = cast(SealedLog, Meanwhile(container.sealed_log(), move_out))
    audit = TreeAudit(log, container.proofs(), container.sealer().trusted, container.verifies())
    assert [found async for _, problems in audit.recompute() for found in problems] == []


def test_the_file_of_an_archive_is_kept_before_the_act_is_recorded(tmp_path: Path) -> None:
    """Whatever happens afterwards: an act without its file would excuse what nobody has."""
    file = tmp_path / "log.jsonl"
    with pytest.raises(KeyboardInterrupt), JsonLinesFile(file) as lines:
        lines.write({"format": "x"})
        digest = lines.digest()
        raise KeyboardInterrupt
    assert hashlib.sha256(file.read_bytes()).hexdigest() == digest
    with pytest.raises(KeyboardInterrupt), JsonLinesFile(tmp_path / "other.jsonl") as lines:
        lines.write({"format": "x"})
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == [file]


async def test_the_platforms_days_may_be_an_hour_shorter_than_ours(container: Container, database: Database) -> None:
    """`INTERVAL '30 days'` across the day on which a clock is put forward."""
    await finished_batch(container)
    execute_as_superuser(database, "DELETE FROM batch_jobs")
    assert await all_findings(container) != []
    for hours, drift in ((30 * 24 - 1, False), (29 * 24, True)):
        then = datetime.now(UTC) + timedelta(hours=hours)
        container.clock.override(providers.Object(lambda then=then: then))
        container.batch_audit.reset()
        assert bool(await all_findings(container)) is drift


async def test_what_is_unfinished_cannot_be_archived(container: Container) -> None:
    await submitted_batch(container)
    with pytest.raises(StillRunning):
        await container.archive()(datetime.now(UTC), ATTRIBUTION, lambda _: None, digest=lambda: "")


async def test_what_is_still_to_come_cannot_be_archived(container: Container) -> None:
    with pytest.raises(NotYetPast):
        await container.archive()(datetime.now(UTC) + timedelta(days=1), ATTRIBUTION, lambda _: None, digest=lambda: "")


async def test_an_archive_excuses_nothing_that_it_does_not_hold(container: Container, database: Database) -> None:
    """A younger batch is removed, and its leaves are named as if they had been archived."""
    await finished_batch(container)
    await container.archive()(datetime.now(UTC), ATTRIBUTION, lambda _: None, digest=lambda: "")
    young = await finished_batch(container)
    await container.sealer().seal_all()
    assert await all_findings(container) == []
    keys = [str(public_key(container.signer()))]
    with psycopg.connect(database.admin_url, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        for table in ("batch_events", "batch_jobs"):
            owner.execute(f"DELETE FROM {table} WHERE batch_id = %s".encode(), [young])
        low = "00000000-0000-7000-8000-000000000001"
        owner.execute("UPDATE sealed_entries SET batch_id = %s WHERE batch_id = %s", [low, young])
    assert any("the event is missing" in str(each) for each in await all_findings(container))
    assert checked_offline([json.dumps(line) for line in await export_lines(container)], keys) != []


async def test_an_archive_excuses_no_older_leaf_that_was_renamed(container: Container, database: Database) -> None:
    """The number of events that it holds is in the act: one more is one too many."""
    old = await finished_batch(container)
    bound = datetime.now(UTC)
    young = await finished_batch(container)
    await container.archive()(bound, ATTRIBUTION, lambda _: None, digest=lambda: "")
    await container.sealer().seal_all()
    assert old < first_id_of(bound) < young
    keys = [str(public_key(container.signer()))]
    with psycopg.connect(database.admin_url, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        for table in ("batch_events", "batch_jobs"):
            owner.execute(f"DELETE FROM {table} WHERE batch_id = %s".encode(), [young])
        low = "00000000-0000-7000-8000-000000000001"
        owner.execute("UPDATE sealed_entries SET batch_id = %s WHERE batch_id = %s", [low, young])
    assert any("were archived, but 8 leaves name such" in str(each) for each in await all_findings(container))
    wrong = checked_offline([json.dumps(line) for line in await export_lines(container)], keys)
    assert any("were archived, and 8 leaves name such" in each for each in wrong)


async def test_the_bound_is_the_same_in_code_and_database(database: Database) -> None:
    with psycopg.connect(database.admin_url) as connection:
        for moment in (datetime(2026, 3, 3, 12, 0, 0, 123456, UTC), datetime(2027, 1, 1, tzinfo=UTC)):
            assert connection.execute("SELECT first_batch_id(%s)", [moment]).fetchone() == (first_id_of(moment),)


async def test_a_clock_that_is_ahead_removes_nothing(container: Container, database: Database) -> None:
    """Else what it removed would be excused until then, and a rebuild would bring nothing back."""
    await finished_batch(container)
    ahead = datetime.now(UTC) + timedelta(days=365)
    container.clock.override(providers.Object(lambda: ahead))
    with pytest.raises(ClockAhead):
        _ = [removed async for removed in container.retention().clean(timedelta(days=30), ATTRIBUTION)]
    assert len(rows_of(database, "batch_jobs")) == 1
    assert rows_of(database, "audit_acts") == []


async def test_what_runs_stays_though_its_row_says_that_it_ended(container: Container, database: Database) -> None:
    batch_id = await submitted_batch(container)
    execute_as_superuser(database, "UPDATE batch_jobs SET status = 'FAILED', processed_at = now() - INTERVAL '1 day'")
    assert [removed async for removed in container.retention().clean(timedelta(0), ATTRIBUTION)] == []
    assert [row[0] for row in rows_of(database, "batch_jobs")] == [batch_id]


async def test_an_archive_has_sealed_that_its_events_may_leave(container: Container, database: Database) -> None:
    await finished_batch(container)
    done = await container.archive()(datetime.now(UTC), ATTRIBUTION, lambda _: None, digest=lambda: "")
    assert done.sealed
    execute_as_superuser(database, "DELETE FROM batch_events", "DELETE FROM batch_jobs")
    lines = [json.dumps(line) for line in await export_lines(container)]
    assert checked_offline(lines, [str(public_key(container.signer()))]) == []


async def test_an_archive_beside_an_open_transaction_says_that_it_is_not_sealed(
    container: Container, database: Database
) -> None:
    await finished_batch(container)
    await container.sealer().seal_all()
    with psycopg.connect(database.admin_url) as slow:
        slow.execute("SELECT pg_current_xact_id()")
        done = await container.archive()(datetime.now(UTC), ATTRIBUTION, lambda _: None, digest=lambda: "")
    assert not done.sealed


async def test_an_export_beside_an_archive_says_that_it_is_to_be_repeated(
    container: Container, database: Database
) -> None:
    await finished_batch(container)
    await container.sealer().seal_all()
    lines = container.export()(4)
    assert "format" in await anext(lines)
    await container.archive()(datetime.now(UTC), ATTRIBUTION, lambda _: None, digest=lambda: "")
    execute_as_superuser(database, "DELETE FROM batch_events")
    with pytest.raises(ArchivedMeanwhile):
        _ = [line async for line in lines]


async def test_what_an_archived_batch_keeps_busy_is_named_and_repaired(
    container: Container, database: Database
) -> None:
    batch_id = await finished_batch(container)
    await container.archive()(datetime.now(UTC), ATTRIBUTION, lambda _: None, digest=lambda: "")
    execute_as_superuser(
        database,
        "DELETE FROM batch_events",
        "DELETE FROM batch_jobs",
        f"INSERT INTO busy_reports SELECT gen_random_uuid(), '{batch_id}'",
    )
    assert any("for it, but its events were archived" in str(found) for found in await all_findings(container))
    await container.rebuild().batch(batch_id, ATTRIBUTION)
    assert await all_findings(container) == []
