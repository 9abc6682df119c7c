"""Erasing a user's data: running batches are cancelled first, and the log keeps what the audit needs."""

from uuid import UUID

import pytest

from application.operations.erasure import Erased, EraseUser
from domain.refusals import BatchFinished
from tests.application.batches import STRANGER, USER, WHY, finished, started, submitted
from tests.application.conftest import World
from tests.application.tampering import edit_event
from tests.support.builders import uploaded_reports


async def test_everything_of_the_user_leaves_but_the_log(world: World) -> None:
    done, running = await finished(world, reports=1), await started(world, reports=1)
    await uploaded_reports(world.storage, USER)
    assert await world.erase_user(USER, WHY) == Erased(batches=2, cancelled=1, reports=3, damaged=[])
    state = world.storage.state
    assert (state.jobs, state.reports, state.contents, state.analyses, state.busy) == ({}, {}, {}, {}, {})
    assert world.types(running)[-1] == "Finished"
    assert state.events[running][-1].data["reason"] == WHY.reason
    assert world.actions() == [("erase", {"user_id": str(USER), "batch_ids": [str(running), str(done)]})]
    assert (await world.verification.everything()).findings == []


async def test_data_of_other_users_stays(world: World) -> None:
    batch_id = await finished(world, reports=1, user_id=STRANGER)
    await world.erase_user(USER, WHY)
    assert list(world.storage.state.jobs) == [batch_id]
    assert len(world.storage.state.contents) == 1


async def test_a_user_without_batches_is_erased_with_a_record(world: World) -> None:
    await uploaded_reports(world.storage, USER)
    assert (await world.erase_user(USER, WHY)).reports == 1
    assert world.actions() == [("erase", {"user_id": str(USER), "batch_ids": []})]


async def test_batches_are_erased_in_pieces_each_with_its_action(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.operations.erasure.PAGE", 2)
    batch_ids = [await finished(world, reports=1) for _ in range(3)]
    assert (await world.erase_user(USER, WHY)).batches == 3
    erased = [data["batch_ids"] for _, data in world.actions()]
    assert erased == [[str(batch_ids[2]), str(batch_ids[1])], [str(batch_ids[0])]]


async def test_a_batch_that_is_submitted_during_an_erasure_is_erased_as_well(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await finished(world, reports=1)
    remove_reports, late = EraseUser._remove_reports, iter([True])

    async def submit_late(self: EraseUser, user_id: UUID) -> int:
        removed = await remove_reports(self, user_id)
        if next(late, False):
            await submitted(world, reports=1)
        return removed

    monkeypatch.setattr(EraseUser, "_remove_reports", submit_late)
    assert await world.erase_user(USER, WHY) == Erased(batches=2, cancelled=1, reports=2, damaged=[])
    assert world.storage.state.jobs == {}


async def test_a_batch_that_finishes_before_it_is_cancelled_is_not_counted_as_cancelled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await started(world)

    async def too_late(*_: object) -> None:
        raise BatchFinished

    monkeypatch.setattr(world.erase_user, "_cancel", too_late)
    assert (await world.erase_user(USER, WHY)).cancelled == 0


async def test_a_damaged_batch_is_named_and_its_other_data_erased(world: World) -> None:
    batch_id = await started(world, reports=1)
    edit_event(world, batch_id, 2, data={})
    assert await world.erase_user(USER, WHY) == Erased(batches=1, cancelled=0, reports=1, damaged=[batch_id])
    assert world.storage.state.jobs == {}
