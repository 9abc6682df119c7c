"""The read model is made anew beside everybody's work, from any state, and however often it is interrupted."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from application.audit.findings import DamageFound
from application.audit.ports.audit_source import AuditedBatch, AuditSource
from application.errors import UnknownToTheLog
from application.log import instant
from application.operations.rebuild import Progress, RebuildRuns
from application.operator_actions import ActionKind
from entrypoints.container import Container, Database
from tests.support.batches import ATTRIBUTION, all_findings, finished_batch, started_batch, submitted_batch
from tests.support.builders import new_id
from tests.support.command_line import command_environment, command_runner
from tests.support.database import execute_as_superuser, rows_of
from tests.support.load import Load, users_with_reports
from tests.support.running_service import eventually

RATE, SECONDS = 60, 6
"""In the suite; `make bench` does the same at 200 a second."""


async def rebuilt(container: Container) -> Progress:
    done = [progress async for progress in container.rebuild().everything(ATTRIBUTION)]
    return done[-1]


DAMAGES = {
    "emptied": "TRUNCATE batch_jobs, busy_reports",
    "every column edited": "UPDATE batch_jobs SET user_id = gen_random_uuid(), status = 'FAILED', total_reports = 9, "
    "successful = 9, failed = 9, results = '[{\"x\": 1}]', report_ids = '{}', processed_at = now(), "
    "created_at = now(), updated_at = now(), version = 99",
    "statuses of reports edited": "UPDATE financial_reports SET processing_status = 'COMPLETED'",
    "reports set free": "DELETE FROM busy_reports",
    "reports kept busy": "INSERT INTO busy_reports SELECT report_id, batch_id FROM (SELECT gen_random_uuid() AS "
    "report_id, batch_id FROM batch_jobs WHERE status = 'FAILED') AS finished",
    "nothing": "SELECT",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_from_any_state_the_rebuilt_read_model_is_the_fold(
    container: Container, database: Database, damage: str
) -> None:
    tables = ("batch_jobs", "busy_reports", "financial_reports")
    await finished_batch(container, reports=2)
    await finished_batch(container)
    await started_batch(container, reports=2)
    await submitted_batch(container)
    before = {table: rows_of(database, table) for table in tables}
    execute_as_superuser(database, damage)
    await rebuilt(container)
    assert {table: rows_of(database, table) for table in tables} == before
    assert await all_findings(container) == []


async def test_the_record_tells_what_had_drifted(container: Container, database: Database) -> None:
    batch_id = await finished_batch(container)
    execute_as_superuser(database, "UPDATE batch_jobs SET failed = 7")
    done = await rebuilt(container)
    assert (done.batches, done.drifted, done.drifted_first, done.rewritten) == (1, 1, [batch_id], 1)
    (act,) = rows_of(database, "audit_acts")
    assert act[2:6] == (
        "rebuild",
        ATTRIBUTION.actor,
        ATTRIBUTION.reason,
        {"batches": 1, "drifted": [str(batch_id)], "rewritten": 1, "added": 0},
    )


async def test_one_batch_is_repaired_and_recorded(container: Container, database: Database) -> None:
    batch_id, other = await finished_batch(container), await finished_batch(container)
    execute_as_superuser(database, "UPDATE batch_jobs SET failed = 7")
    found = await container.rebuild().batch(batch_id, ATTRIBUTION)
    assert [finding.problem for finding in found] == ["batch_jobs.failed is 7, the log says 1"]
    assert [finding.batch_id for finding in await all_findings(container)] == [other]
    (act,) = rows_of(database, "audit_acts")
    assert act[2:6] == (
        "repair",
        ATTRIBUTION.actor,
        ATTRIBUTION.reason,
        {"batch_id": str(batch_id), "found": ["batch_jobs.failed"]},
    )
    assert list(await container.rebuild().batch(batch_id, ATTRIBUTION)) == []
    assert len(rows_of(database, "audit_acts")) == 1


async def test_a_damaged_log_is_not_projected(container: Container, database: Database) -> None:
    batch_id, sound = await finished_batch(container), await finished_batch(container)
    execute_as_superuser(
        database,
        f"DELETE FROM batch_events WHERE batch_id = '{batch_id}' AND version = 2",
        "UPDATE batch_jobs SET failed = 7",
    )
    done = await rebuilt(container)
    assert {finding.batch_id for finding in done.damage} == {batch_id}
    assert (done.damaged, done.drifted, done.drifted_first) == (1, 1, [sound])
    with pytest.raises(DamageFound):
        await container.rebuild().batch(batch_id, ATTRIBUTION)


async def test_two_rebuilds_at_once(container: Container) -> None:
    await finished_batch(container)
    async with container.shadow_tables().open():
        with pytest.raises(RebuildRuns):
            await rebuilt(container)
    await rebuilt(container)


class WithEnd(AuditSource):
    """Something happens when everything has been read."""

    def __init__(self, source: AuditSource, end: Callable[[], Awaitable[object]]) -> None:
        self._source, self._end = source, end
        self.read = 0

    async def batch(self, batch_id: UUID) -> AuditedBatch:
        return await self._source.batch(batch_id)

    async def batches(self, after: UUID | None = None, page: int = 500) -> AsyncIterator[AuditedBatch]:
        async for audited in self._source.batches(after, page):
            self.read += 1
            yield audited
        await self._end()

    async def count(self) -> int:
        return await self._source.count()


async def test_what_was_erased_while_a_rebuild_ran_does_not_come_back(container: Container, database: Database) -> None:
    """The rebuild has read the batch; it is erased; then the table aside is swapped in."""
    user_id = new_id()
    for _ in range(3):
        await finished_batch(container, user_id)
    source = WithEnd(container.audit_source(), lambda: container.erase_user()(user_id, ATTRIBUTION))
    with container.audit_source.override(source):
        container.rebuild.reset()
        await rebuilt(container)
    assert source.read == 3
    assert rows_of(database, "batch_jobs") == []
    assert await all_findings(container) == []


async def test_what_was_cleaned_up_while_a_rebuild_ran_does_not_come_back(
    container: Container, database: Database
) -> None:
    for _ in range(3):
        await finished_batch(container)

    async def clean() -> None:
        async for _ in container.retention().clean(timedelta(0), ATTRIBUTION):
            pass

    with container.audit_source.override(WithEnd(container.audit_source(), clean)):
        container.rebuild.reset()
        await rebuilt(container)
    assert rows_of(database, "batch_jobs") == []


async def test_a_repair_that_waited_for_an_erasure_brings_nothing_back(
    container: Container, database: Database
) -> None:
    user_id = new_id()
    batch_id = await finished_batch(container, user_id)
    execute_as_superuser(database, "UPDATE batch_jobs SET failed = 7")
    async with container.operator_storage().transaction() as tx:
        await tx.user_data.lock_erasure()
        repairing = asyncio.create_task(container.rebuild().batch(batch_id, ATTRIBUTION))
        waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        with psycopg.connect(database.admin_url, autocommit=True) as watcher:
            await asyncio.to_thread(eventually, lambda: watcher.execute(waiting.encode()).fetchone())
        data = {"user_id": str(user_id), "batch_ids": [str(batch_id)]}
        await container.record()(tx, ActionKind.ERASE, ATTRIBUTION, data)
        await tx.user_data.remove_rows([batch_id])
    assert list(await repairing) == []
    assert rows_of(database, "batch_jobs") == []
    assert await all_findings(container) == []


async def test_drift_beside_rows_that_are_gone_is_repaired(container: Container, database: Database) -> None:
    """Statuses of reports of a batch that was cleaned up, and reports that nobody keeps busy any more."""
    await finished_batch(container)
    async for _ in container.retention().clean(timedelta(0), ATTRIBUTION):
        pass
    execute_as_superuser(
        database,
        "UPDATE financial_reports SET processing_status = 'PENDING'",
        "INSERT INTO busy_reports SELECT id, gen_random_uuid() FROM financial_reports",
    )
    assert len(await all_findings(container)) == 2
    await rebuilt(container)
    assert await all_findings(container) == []
    assert rows_of(database, "busy_reports") == rows_of(database, "batch_jobs") == []


async def test_the_record_of_a_repair_quotes_nothing(container: Container, database: Database) -> None:
    """Whatever somebody wrote into a row by hand stays out of the log."""
    await finished_batch(container)
    execute_as_superuser(database, """UPDATE batch_jobs SET results = '[{"x": "jane@example.com"}]'""")
    await rebuilt(container)
    await container.rebuild().batch(await finished_batch(container), ATTRIBUTION)
    assert "jane" not in str(rows_of(database, "audit_acts"))


async def test_a_repair_that_waited_for_a_cleanup_brings_nothing_back(container: Container, database: Database) -> None:
    batch_id = await finished_batch(container)
    execute_as_superuser(database, "UPDATE batch_jobs SET failed = 7")
    with psycopg.connect(database.admin_url, autocommit=True) as watcher:
        async with container.operator_storage().transaction() as tx:
            before = datetime.now(UTC)
            assert await tx.repair.remove_processed(before, 9) == 1
            repairing = asyncio.create_task(container.rebuild().batch(batch_id, ATTRIBUTION))
            waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
            await asyncio.to_thread(eventually, lambda: watcher.execute(waiting.encode()).fetchone())
            await container.record()(tx, ActionKind.CLEANUP, ATTRIBUTION, {"before": instant(before), "rows": 1})
        assert list(await repairing) == []
    assert rows_of(database, "batch_jobs") == []


async def test_an_unknown_batch_cannot_be_repaired(container: Container, database: Database) -> None:
    with pytest.raises(UnknownToTheLog):
        await container.rebuild().batch(new_id(), ATTRIBUTION)
    assert rows_of(database, "audit_acts") == []


async def test_a_rebuild_disturbs_nobody(container: Container, database: Database, tmp_path: Path) -> None:
    """Submits, reads and ends of batches go on while rows are damaged and the read model is rebuilt again and again."""
    settled = ", ".join([f"'{await finished_batch(container)}'" for _ in range(20)])
    reports = await users_with_reports(container, RATE * SECONDS)
    load = Load(container)
    submitting = asyncio.create_task(load.run(RATE, reports))
    run, rebuilds = command_runner(database, tmp_path), 0
    damage = f"UPDATE batch_jobs SET successful = 7 WHERE batch_id IN ({settled})"
    while not submitting.done():
        await asyncio.to_thread(
            execute_as_superuser, database, damage, "DELETE FROM batch_jobs WHERE status = 'FAILED'"
        )
        done = await asyncio.to_thread(run, "audit", "rebuild")
        assert done.returncode == 0, done.stderr
        rebuilds += 1
    await submitting
    assert load.wrong == []
    assert rebuilds >= 1
    assert await all_findings(container) == []


@pytest.mark.parametrize("waits_for", ["batch_events", "batch_jobs", "audit_acts"])
async def test_a_rebuild_that_is_killed_leaves_what_was(
    container: Container, database: Database, tmp_path: Path, waits_for: str
) -> None:
    """Killed while it reads, while it swaps, and when all but the record of it is done."""
    for _ in range(3):
        await finished_batch(container)
    execute_as_superuser(database, "UPDATE batch_jobs SET failed = 7")
    before = rows_of(database, "batch_jobs")
    with psycopg.connect(database.admin_url) as holder:
        mode = "ACCESS EXCLUSIVE" if waits_for == "batch_events" else "SHARE ROW EXCLUSIVE"
        holder.execute(f"LOCK TABLE {waits_for} IN {mode} MODE".encode())
        command = (sys.executable, "-m", "entrypoints.cli", "audit", "rebuild")
        process = await asyncio.create_subprocess_exec(
            *command, env=command_environment(database, tmp_path), stderr=asyncio.subprocess.DEVNULL
        )
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
        eventually(lambda: holder.execute(waiting.encode(), [waits_for]).fetchone())
        process.kill()
        await process.wait()
    assert rows_of(database, "batch_jobs") == before
    await rebuilt(container)
    assert await all_findings(container) == []
