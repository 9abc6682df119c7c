"""Explaining a batch: its holder, its attempts, the next step, and the command that hastens it."""

from datetime import timedelta
from uuid import UUID

import pytest

from application.errors import UnknownToTheLog
from application.operations.explain import RECONCILED_WITHIN
from application.operator_actions import ActionKind
from application.ports.submissions import QueueEntry
from domain import commands, events
from domain.statuses import BatchStatus
from tests.application.batches import ASKED, USER, finished, started, submitted
from tests.application.conftest import HEARTBEAT_TIMEOUT, World
from tests.application.tampering import acted, edit_row
from tests.support.builders import NOON, new_id


def hold(world: World, batch_id: UUID, *, holder: str | None = "w1", delay_s: float = 0) -> None:
    """Give the batch an entry in the queue whose heartbeat is now."""
    now = world.clock()
    entry = QueueEntry(holder=holder, heartbeat=now, not_before=now + timedelta(seconds=delay_s))
    world.storage.state.queue[batch_id] = entry


class TestWaiting:
    async def test_a_submitted_batch_waits_for_a_worker(self, world: World) -> None:
        batch_id = await submitted(world)
        explained = await world.explain(batch_id)
        assert (explained.status, explained.holder, explained.last_heard_of) == (BatchStatus.PENDING, None, None)
        assert (explained.reports_left, explained.attempt, explained.attempts_left) == (2, 0, 3)
        assert isinstance(explained.set_by.event, events.Submitted)
        assert (explained.next_step, explained.command) == (
            "The next free worker claims the batch.",
            "fna-batch worker",
        )

    async def test_a_batch_that_waits_after_a_fault_says_until_when(self, world: World) -> None:
        batch_id = await submitted(world)
        hold(world, batch_id, holder=None, delay_s=60)
        explained = await world.explain(batch_id)
        assert explained.when == NOON + timedelta(seconds=60)
        assert explained.next_step.startswith("The batch waits after an error")
        assert explained.command == f"fna-batch redispatch {batch_id} --reason '…'"

    async def test_a_batch_that_lost_its_entry_is_enqueued_again_by_workers(self, world: World) -> None:
        batch_id = await submitted(world)
        world.storage.state.queue.clear()
        explained = await world.explain(batch_id)
        assert explained.when == NOON + RECONCILED_WITHIN
        assert "any running worker will enqueue it again" in explained.next_step

    @pytest.mark.parametrize("row", ["removed", "changed"])
    async def test_a_batch_that_lost_its_entry_and_its_row_needs_a_rebuild(self, world: World, row: str) -> None:
        batch_id = await submitted(world)
        world.storage.state.queue.clear()
        if row == "removed":
            del world.storage.state.jobs[batch_id]
        else:
            edit_row(world, batch_id, status=BatchStatus.FAILED)
        explained = await world.explain(batch_id)
        assert explained.command == f"fna-batch audit rebuild --batch {batch_id}"
        assert [finding.subject for finding in explained.drift] != []


class TestHeld:
    async def test_a_held_batch_names_its_worker_and_when_others_may_take_it_over(self, world: World) -> None:
        batch_id = await started(world)
        world.clock.move(5)
        hold(world, batch_id)
        explained = await world.explain(batch_id)
        assert (explained.status, explained.holder, explained.since) == (BatchStatus.PROCESSING, "w1", NOON)
        assert (explained.last_heard_of, explained.when) == (world.clock(), world.clock() + HEARTBEAT_TIMEOUT)
        assert (explained.attempt, explained.attempts_left) == (1, 2)
        assert isinstance(explained.set_by.event, events.Started)
        assert explained.next_step.startswith("Worker w1 goes on with the batch")

    async def test_a_worker_without_a_heartbeat_is_overtaken(self, world: World) -> None:
        batch_id = await started(world)
        hold(world, batch_id)
        world.clock.now += HEARTBEAT_TIMEOUT
        explained = await world.explain(batch_id)
        assert explained.next_step.startswith("Its worker w1 sends no heartbeat any more")
        assert explained.command == "fna-batch worker"

    async def test_a_report_without_attempts_is_said_to_fail_next(self, world: World) -> None:
        batch_id = await started(world)
        for worker_id in ("w2", "w3"):
            await world.handler.handle(batch_id, commands.Start(worker_id=worker_id, max_attempts=3), ASKED)
        hold(world, batch_id, holder="w3")
        explained = await world.explain(batch_id)
        assert (explained.attempt, explained.attempts_left) == (3, 0)
        assert "fails it as ANALYSIS_CRASHED" in explained.next_step
        assert explained.set_by.version == 2, "the first start set the status"


class TestFinished:
    async def test_a_finished_batch_never_changes(self, world: World) -> None:
        batch_id = await finished(world)
        explained = await world.explain(batch_id)
        assert (explained.status, explained.holder, explained.since) == (BatchStatus.COMPLETED, None, None)
        assert (explained.reports_left, explained.attempts_left) == (0, 0)
        assert isinstance(explained.set_by.event, events.Finished)
        assert (explained.next_step, explained.command) == ("Nothing more: a finished batch never changes.", None)

    async def test_failed_reports_can_be_retried(self, world: World) -> None:
        batch_id = await finished(world, failed=1)
        assert (await world.explain(batch_id)).command == f"fna-batch retry {batch_id}"

    async def test_a_row_that_was_changed_needs_a_rebuild(self, world: World) -> None:
        batch_id = await finished(world)
        edit_row(world, batch_id, failed=7)
        explained = await world.explain(batch_id)
        assert explained.next_step == "Nothing happens on its own: the read model was changed by hand."
        assert explained.command == f"fna-batch audit rebuild --batch {batch_id}"

    async def test_a_row_that_retention_removed_needs_as_of(self, world: World) -> None:
        batch_id = await finished(world)
        world.clock.move(8 * 86400)
        await acted(world, ActionKind.CLEANUP, before=world.clock().isoformat(), rows=1)
        del world.storage.state.jobs[batch_id]
        assert "a status request needs as_of" in (await world.explain(batch_id)).next_step

    async def test_an_erased_batch_is_known_to_the_log_alone(self, world: World) -> None:
        batch_id = await finished(world)
        await acted(world, ActionKind.ERASE, user_id=str(USER), batch_ids=[str(batch_id)])
        del world.storage.state.jobs[batch_id]
        assert "only the log knows the batch" in (await world.explain(batch_id)).next_step


async def test_an_unknown_batch_cannot_be_explained(world: World) -> None:
    with pytest.raises(UnknownToTheLog):
        await world.explain(new_id())
