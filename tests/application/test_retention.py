"""Retention: which rows leave the read model, and what is recorded of it."""

from datetime import timedelta

import pytest

from application.errors import ClockAhead
from application.log import instant
from application.operations.recorder import Recorder
from application.operations.retention import Retention
from tests.application.batches import WHY, finished, started
from tests.application.conftest import World
from tests.support.builders import NOON

AGE = timedelta(days=7)


async def cleaned(world: World) -> list[int]:
    return [removed async for removed in world.retention.clean(AGE, WHY)]


async def test_rows_of_batches_processed_long_ago_are_removed_and_the_log_stays(world: World) -> None:
    old = await finished(world)
    world.clock.now += AGE + timedelta(seconds=1)
    young, running = await finished(world), await started(world)
    assert await world.retention.due(AGE) == 1
    assert await cleaned(world) == [1]
    assert set(world.storage.state.jobs) == {young, running}
    assert len(world.storage.state.events[old]) == 5
    assert (await world.verification.everything()).findings == []


async def test_rows_are_removed_in_chunks_each_with_its_action(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.operations.retention.CHUNK", 2)
    for _ in range(3):
        await finished(world, reports=1)
    world.clock.now += AGE + timedelta(seconds=1)
    assert await cleaned(world) == [2, 1]
    before = instant(world.clock() - AGE)
    assert world.actions() == [("cleanup", {"before": before, "rows": rows}) for rows in (2, 1)]


async def test_without_old_rows_nothing_is_recorded(world: World) -> None:
    await finished(world)
    assert await cleaned(world) == []
    assert world.actions() == []


async def test_a_clock_that_is_ahead_removes_nothing(world: World) -> None:
    await finished(world)
    ahead = Retention(world.storage, Recorder(lambda: NOON, world.new_id), lambda: NOON + 2 * AGE)
    with pytest.raises(ClockAhead):
        _ = [removed async for removed in ahead.clean(AGE, WHY)]
    assert len(world.storage.state.jobs) == 1
