"""An archive excuses the events that it holds, and no others; it refuses batches that still run."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from application.audit.export import ArchivedMeanwhile
from application.audit.merkle import Range
from application.audit.ports.sealed_log import Leaf, SealedLog
from application.audit.tree_audit import TreeAudit
from application.operations.archive import NotYetPast, StillRunning, first_id_of
from entrypoints.cli.jsonl_file import JsonLinesFile
from entrypoints.container import Container, Database
from tests.support.batches import (
    ATTRIBUTION,
    all_findings,
    archive_before,
    finished_batch,
    offline_findings,
    submitted_batch,
)
from tests.support.database import execute_as_superuser, open_transaction

LOW_ID = "00000000-0000-7000-8000-000000000001"
"""Below every id that a service gives."""


class LogWithHook:
    """A sealed log that calls `hook` before leaves are read for the first time."""

    def __init__(self, log: SealedLog, hook: Callable[[], Awaitable[None]]) -> None:
        self._log, self._hook = log, hook

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    async def leaves(self, leaves: Range) -> Sequence[Leaf]:
        hook, self._hook = self._hook, _nothing
        await hook()
        return await self._log.leaves(leaves)


async def _nothing() -> None:
    return None


async def test_a_batch_that_is_moved_out_during_verification_is_no_finding(
    container: Container, database: Database
) -> None:
    await finished_batch(container)
    await container.sealer().seal_all()

    async def move_out() -> None:
        await archive_before(container)
        execute_as_superuser(database, "DELETE FROM batch_events")

    log = cast(SealedLog, LogWithHook(container.sealed_log(), move_out))
    audit = TreeAudit(log, container.proofs(), container.sealer().trusted, container.verifies())
    assert [found async for _, problems in audit.recompute() for found in problems] == []


def test_the_file_of_an_archive_is_durable_before_the_action_is_recorded(tmp_path: Path) -> None:
    """Otherwise a crash could leave an action that excuses events which no file holds."""
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


async def test_an_unfinished_batch_cannot_be_archived(container: Container) -> None:
    await submitted_batch(container)
    with pytest.raises(StillRunning):
        await archive_before(container)


async def test_an_instant_in_the_future_is_refused_as_the_bound_of_an_archive(container: Container) -> None:
    with pytest.raises(NotYetPast):
        await archive_before(container, datetime.now(UTC) + timedelta(days=1))


def remove_and_rename_leaves(database: Database, batch_id: UUID) -> None:
    """Remove a batch, and name its leaves as if it had been archived."""
    execute_as_superuser(
        database,
        f"DELETE FROM batch_events WHERE batch_id = '{batch_id}'",
        f"DELETE FROM batch_jobs WHERE batch_id = '{batch_id}'",
        f"UPDATE sealed_entries SET batch_id = '{LOW_ID}' WHERE batch_id = '{batch_id}'",
    )


async def test_an_archive_does_not_excuse_a_younger_batch(container: Container, database: Database) -> None:
    await finished_batch(container)
    await archive_before(container)
    young = await finished_batch(container)
    await container.sealer().seal_all()
    assert await all_findings(container) == []
    remove_and_rename_leaves(database, young)
    assert any("the event is missing" in str(each) for each in await all_findings(container))
    assert await offline_findings(container) != []


async def test_an_archive_does_not_excuse_more_events_than_it_holds(container: Container, database: Database) -> None:
    """The action names the number of events, so renamed leaves that are older than it are one too many."""
    old = await finished_batch(container)
    bound = datetime.now(UTC)
    young = await finished_batch(container)
    await archive_before(container, bound)
    await container.sealer().seal_all()
    assert old < first_id_of(bound) < young
    remove_and_rename_leaves(database, young)
    assert any("were archived, but 8 leaves name such" in str(each) for each in await all_findings(container))
    assert any("were archived, and 8 leaves name such" in each for each in await offline_findings(container))


async def test_an_archive_is_sealed_at_once_so_its_events_may_be_moved_out(
    container: Container, database: Database
) -> None:
    await finished_batch(container)
    done = await archive_before(container)
    assert done.sealed
    execute_as_superuser(database, "DELETE FROM batch_events", "DELETE FROM batch_jobs")
    assert await offline_findings(container) == []


async def test_an_archive_beside_an_open_transaction_reports_that_it_is_not_sealed(
    container: Container, database: Database
) -> None:
    await finished_batch(container)
    await container.sealer().seal_all()
    with open_transaction(database):
        done = await archive_before(container)
    assert not done.sealed


async def test_an_export_during_which_events_are_moved_out_asks_to_be_repeated(
    container: Container, database: Database
) -> None:
    await finished_batch(container)
    await container.sealer().seal_all()
    lines = container.export()(4)
    assert "format" in await anext(lines)
    await archive_before(container)
    execute_as_superuser(database, "DELETE FROM batch_events")
    with pytest.raises(ArchivedMeanwhile):
        _ = [line async for line in lines]


async def test_a_reservation_for_an_archived_batch_is_drift_and_repaired(
    container: Container, database: Database
) -> None:
    batch_id = await finished_batch(container)
    await archive_before(container)
    execute_as_superuser(
        database,
        "DELETE FROM batch_events",
        "DELETE FROM batch_jobs",
        f"INSERT INTO busy_reports SELECT gen_random_uuid(), '{batch_id}'",
    )
    assert any("for it, but its events were archived" in str(found) for found in await all_findings(container))
    await container.rebuild().batch(batch_id, ATTRIBUTION)
    assert await all_findings(container) == []
