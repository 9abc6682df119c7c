"""Redispatching a batch."""

import pytest

from application.audit.findings import DamageFound
from application.errors import UnknownToTheLog
from domain.refusals import BatchFinished
from tests.application.batches import WHY, finished, submitted
from tests.application.conftest import World
from tests.application.tampering import edit_event
from tests.support.builders import new_id


async def test_a_redispatched_batch_goes_to_the_end_of_the_queue_and_is_recorded(world: World) -> None:
    first, second = await submitted(world), await submitted(world)
    await world.redispatch(first, WHY)
    assert list(world.storage.state.queue) == [second, first]
    assert world.actions() == [("redispatch", {"batch_id": str(first)})]


async def test_a_batch_that_is_not_in_the_queue_is_enqueued(world: World) -> None:
    batch_id = await submitted(world)
    world.storage.state.queue.clear()
    await world.redispatch(batch_id, WHY)
    assert list(world.storage.state.queue) == [batch_id]


async def test_a_finished_batch_is_refused(world: World) -> None:
    batch_id = await finished(world)
    with pytest.raises(BatchFinished):
        await world.redispatch(batch_id, WHY)


async def test_an_unknown_batch_is_refused(world: World) -> None:
    with pytest.raises(UnknownToTheLog):
        await world.redispatch(new_id(), WHY)


async def test_a_damaged_batch_is_refused(world: World) -> None:
    batch_id = await submitted(world)
    edit_event(world, batch_id, 1, data={})
    with pytest.raises(DamageFound):
        await world.redispatch(batch_id, WHY)
    assert world.actions() == []
