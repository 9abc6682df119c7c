"""Replaying the log through another projector, beside the read model."""

from dataclasses import replace
from uuid import UUID

import pytest

from application.errors import StorageUnavailable
from application.log import RecordedEvent
from application.operations.rebuild import RebuildRuns
from application.operations.replay import Difference, Replay
from application.read_model import BatchJob, Projector, project
from domain import events
from tests.application.batches import USER, finished, submitted
from tests.application.conftest import World
from tests.support.builders import batch_job


def doubling(row: BatchJob | None, recorded: RecordedEvent) -> BatchJob:
    """Count each failure twice."""
    projected = project(row, recorded)
    return replace(projected, failed=projected.failed + isinstance(recorded.event, events.ReportFailed))


def failing(row: BatchJob | None, recorded: RecordedEvent) -> BatchJob:
    if isinstance(recorded.event, events.Finished):
        raise ZeroDivisionError("by zero")
    return project(row, recorded)


async def replayed(replay: Replay, projector: Projector) -> dict[UUID, Difference | None]:
    return {batch_id: difference async for batch_id, difference in replay(projector)}


async def test_the_projector_of_the_service_makes_no_difference(world: World) -> None:
    batch_ids = [await finished(world, failed=1), await submitted(world)]
    assert await replayed(world.replay, project) == dict.fromkeys(batch_ids)


async def test_another_projector_is_compared_field_by_field(world: World) -> None:
    changed, unchanged = await finished(world, failed=1), await finished(world)
    before = dict(world.storage.state.jobs)
    found = await replayed(world.replay, doubling)
    assert found == {changed: Difference(batch_id=changed, fields={"failed": (1, 2)}), unchanged: None}
    assert world.storage.state.jobs == before


async def test_a_projector_that_fails_is_reported_for_that_batch(world: World) -> None:
    broken, sound = await finished(world), await submitted(world)
    found = await replayed(world.replay, failing)
    assert found == {
        broken: Difference(batch_id=broken, fields={}, error="ZeroDivisionError: by zero"),
        sound: None,
    }


async def test_batches_without_events_are_passed_over(world: World) -> None:
    async with world.storage.transaction() as tx:
        await tx.batch_jobs.save(batch_job(user_id=USER))
    assert await replayed(world.replay, project) == {}


async def test_a_replay_is_refused_while_a_rebuild_runs(world: World) -> None:
    async with world.shadow_tables.open():
        with pytest.raises(RebuildRuns):
            await replayed(world.replay, project)


async def test_a_database_that_goes_away_is_not_a_fault_of_the_projector(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreachable(*_: object) -> None:
        raise StorageUnavailable("it is away")

    await submitted(world)
    monkeypatch.setattr("adapters.memory.shadow_tables.MemoryShadowTable.add", unreachable)
    with pytest.raises(StorageUnavailable):
        await replayed(world.replay, project)
