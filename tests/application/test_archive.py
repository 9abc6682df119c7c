"""Archiving: the log is written and checked before an action may excuse that events are missing."""

from datetime import timedelta
from typing import Any

import pytest

from application.audit.findings import DamageFound
from application.audit.proofs import NotSealed
from application.operations.archive import Archived, NothingToArchive, NotYetPast, StillRunning, first_id_of
from tests.application.batches import WHY, finished, started
from tests.application.conftest import World
from tests.application.tampering import edit_event
from tests.support.builders import NOON

BOUND = NOON + timedelta(hours=1)


class File:
    """An archive file in memory."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def digest(self) -> str:
        return f"digest of {len(self.lines)} lines"


@pytest.fixture
def file() -> File:
    return File()


async def archive(world: World, file: File) -> Archived:
    """Archive an hour later, up to that instant."""
    world.clock.now = max(world.clock.now, BOUND)
    return await world.archive(BOUND, WHY, file.lines.append, file.digest)


async def test_an_archive_is_written_recorded_and_sealed(world: World, file: File) -> None:
    batch_id = await finished(world)
    archived = await archive(world, file)
    assert archived == Archived(
        before=first_id_of(BOUND), size=5, events=5, sha256=f"digest of {len(file.lines)} lines", sealed=True
    )
    assert {line["event"]["batch_id"] for line in file.lines if "event" in line} == {str(batch_id)}
    (action,) = world.actions()
    assert action == (
        "archive",
        {"before": str(archived.before), "size": 5, "events": 5, "sha256": archived.sha256},
    )


async def test_archived_events_may_leave_the_database(world: World, file: File) -> None:
    batch_id = await finished(world)
    await archive(world, file)
    del world.storage.state.events[batch_id], world.storage.state.jobs[batch_id]
    world.storage.state.reports.clear()
    assert (await world.verification.everything()).findings == []


async def test_a_second_archive_counts_what_the_first_moved_out(world: World, file: File) -> None:
    batch_id = await finished(world)
    await archive(world, file)
    del world.storage.state.events[batch_id], world.storage.state.jobs[batch_id]
    again = await archive(world, File())
    assert (again.events, again.size) == (5, 6)


async def test_batches_after_the_bound_are_written_but_not_archived(world: World, file: File) -> None:
    await finished(world)
    world.clock.now = BOUND
    await started(world)
    assert (await archive(world, file)).events == 5
    assert sum("event" in line for line in file.lines) == 7


async def test_a_bound_in_the_future_is_refused(world: World, file: File) -> None:
    with pytest.raises(NotYetPast):
        await world.archive(BOUND, WHY, file.lines.append, file.digest)


async def test_a_bound_below_an_unfinished_batch_is_refused(world: World, file: File) -> None:
    await started(world)
    with pytest.raises(StillRunning):
        await archive(world, file)


async def test_an_archive_of_no_batch_is_refused(world: World, file: File) -> None:
    with pytest.raises(NothingToArchive):
        await archive(world, file)


async def test_events_that_cannot_be_sealed_now_are_not_archived(world: World, file: File) -> None:
    await finished(world)
    async with world.log.sealing():
        with pytest.raises(NotSealed):
            await archive(world, file)


async def test_a_damaged_log_is_not_archived(world: World, file: File) -> None:
    batch_id = await finished(world)
    await world.sealer.seal()
    edit_event(world, batch_id, 2, data={"worker_id": "w9", "attempt": 1})
    with pytest.raises(DamageFound):
        await archive(world, file)
    assert world.actions() == []


async def test_an_archive_whose_action_cannot_be_sealed_now_says_so(
    world: World, file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    await finished(world)
    await world.sealer.seal()

    async def seal_nothing() -> int:
        return 0

    monkeypatch.setattr(world.sealer, "seal_all", seal_nothing)
    assert not (await archive(world, file)).sealed
