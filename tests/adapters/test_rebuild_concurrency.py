"""A rebuild runs beside submits, reads, erasures and clean-ups, and changes nothing if it is killed."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from application.audit.ports.audit_source import AuditedBatch, AuditSource
from entrypoints.container import Container, Database
from tests.support.batches import ATTRIBUTION, all_findings, clean_up, finished_batch, rebuild_everything
from tests.support.builders import new_id
from tests.support.command_line import command_environment, command_runner
from tests.support.database import execute_as_superuser, rows_of, wait_for_blocked_session
from tests.support.load import Load, users_with_reports

RATE, SECONDS = 60, 6
"""Submits a second, and for how long; `make bench` submits 200 a second."""


class SourceWithHook(AuditSource):
    """An audit source that calls `hook` when every batch has been read."""

    def __init__(self, source: AuditSource, hook: Callable[[], Awaitable[object]]) -> None:
        self._source, self._hook = source, hook
        self.batches_read = 0

    async def batch(self, batch_id: UUID) -> AuditedBatch:
        return await self._source.batch(batch_id)

    async def batches(self, after: UUID | None = None, page: int = 500) -> AsyncIterator[AuditedBatch]:
        async for audited in self._source.batches(after, page):
            self.batches_read += 1
            yield audited
        await self._hook()

    async def count(self) -> int:
        return await self._source.count()


async def rebuild_with_hook(container: Container, hook: Callable[[], Awaitable[object]]) -> int:
    """Rebuild, and call `hook` between reading and swapping; return how many batches were read."""
    source = SourceWithHook(container.audit_source(), hook)
    with container.audit_source.override(source):
        container.rebuild.reset()
        await rebuild_everything(container)
    return source.batches_read


async def test_a_rebuild_does_not_restore_what_was_erased_after_it_read_it(
    container: Container, database: Database
) -> None:
    user_id = new_id()
    for _ in range(3):
        await finished_batch(container, user_id)
    assert await rebuild_with_hook(container, lambda: container.erase_user()(user_id, ATTRIBUTION)) == 3
    assert rows_of(database, "batch_jobs") == []
    assert await all_findings(container) == []


async def test_a_rebuild_does_not_restore_what_retention_removed_after_it_read_it(
    container: Container, database: Database
) -> None:
    for _ in range(3):
        await finished_batch(container)
    assert await rebuild_with_hook(container, lambda: clean_up(container)) == 3
    assert rows_of(database, "batch_jobs") == []


async def test_submits_and_reads_go_on_while_rows_are_damaged_and_rebuilt(
    container: Container, database: Database, tmp_path: Path
) -> None:
    settled = ", ".join([f"'{await finished_batch(container)}'" for _ in range(20)])
    users = await users_with_reports(container, RATE * SECONDS)
    load = Load(container)
    submitting = asyncio.create_task(load.run(RATE, users))
    run, rebuilds = command_runner(database, tmp_path), 0
    damages = (
        f"UPDATE batch_jobs SET successful = 7 WHERE batch_id IN ({settled})",
        "DELETE FROM batch_jobs WHERE status = 'FAILED'",
    )
    while not submitting.done():
        await asyncio.to_thread(execute_as_superuser, database, *damages)
        done = await asyncio.to_thread(run, "audit", "rebuild")
        assert done.returncode == 0, done.stderr
        rebuilds += 1
    await submitting
    assert load.wrong == []
    assert rebuilds >= 1
    assert await all_findings(container) == []


@pytest.mark.parametrize("waits_for", ["batch_events", "batch_jobs", "audit_acts"])
async def test_a_rebuild_that_is_killed_changes_nothing(
    container: Container, database: Database, tmp_path: Path, waits_for: str
) -> None:
    """It is killed while it reads, while it swaps, and when only the operator action is still to be recorded."""
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
        await asyncio.to_thread(wait_for_blocked_session, database, "relation", waits_for)
        process.kill()
        await process.wait()
    assert rows_of(database, "batch_jobs") == before
    await rebuild_everything(container)
    assert await all_findings(container) == []
