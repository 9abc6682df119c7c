"""A worker that stops: reports that are being analysed get a grace period, all other batches are handed back."""

import asyncio
from contextlib import suppress
from uuid import UUID

from adapters.pgqueuer.tasks import cancel_until_ended
from application.ports.worker import Lease
from entrypoints.container import Container
from tests.support.queue_workers import (
    PATIENCE_S,
    BatchRecorder,
    enqueue,
    queue_entries,
    running_worker,
    until,
)

HANDED_BACK = {"status": "queued", "queue_manager_id": None}


async def test_a_stopped_worker_hands_back_its_unfinished_batches(container: Container) -> None:
    recorder = BatchRecorder()
    recorder.may_end.clear()
    batch_id = await enqueue(container)
    async with running_worker(container, recorder):
        await until(lambda: recorder.runs)
    assert await queue_entries(container) == [HANDED_BACK]
    assert recorder.cancelled
    recorder.may_end.set()
    async with running_worker(container, recorder):
        await until(lambda: recorder.ended)
    assert recorder.ended_batches == [batch_id]


async def test_a_deploy_costs_no_attempt_of_a_report_being_analysed(container: Container) -> None:
    recorder = BatchRecorder()
    recorder.analyses = True
    recorder.may_end.clear()
    await enqueue(container)
    async with running_worker(container, recorder):
        await until(lambda: recorder.runs)
    recorder.may_end.set()
    async with running_worker(container, recorder):
        await until(lambda: recorder.ended)
    assert recorder.counts_as_attempt == [False, False], "a batch that was handed back must not cost an attempt"


async def test_a_stopped_worker_lets_analyses_finish_within_the_grace_period(container: Container) -> None:
    recorder = BatchRecorder()
    recorder.analyses = True
    recorder.may_end.clear()
    await enqueue(container)
    async with running_worker(container, recorder, grace=PATIENCE_S) as worker:
        await until(lambda: recorder.runs)
        worker.stop()
        recorder.may_end.set()
    assert recorder.ended
    assert await queue_entries(container) == []


async def test_a_stopped_worker_begins_no_further_report(container: Container) -> None:
    analysed: list[int] = []
    first_begun, first_may_end = asyncio.Event(), asyncio.Event()

    async def process_three_reports(batch_id: UUID, holder: str, lease: Lease) -> None:
        for number in range(3):
            await lease.mark_analysing()
            analysed.append(number)
            first_begun.set()
            await first_may_end.wait()

    await enqueue(container)
    async with running_worker(container, process_three_reports, grace=PATIENCE_S) as worker:
        await first_begun.wait()
        worker.stop()
        first_may_end.set()
    assert analysed == [0]
    assert await queue_entries(container) == [HANDED_BACK]


async def test_a_stopped_worker_hands_back_at_once_batches_that_wait_for_a_slot(container: Container) -> None:
    analysing, waiting = BatchRecorder(), BatchRecorder()
    analysing.may_end.clear()
    waiting.may_end.clear()

    async def analyse_only_the_first(batch_id: UUID, holder: str, lease: Lease) -> None:
        if not analysing.runs:
            analysing.analyses = True
            await analysing(batch_id, holder, lease)
        else:
            await waiting(batch_id, holder, lease)

    await enqueue(container)
    async with running_worker(container, analyse_only_the_first, grace=PATIENCE_S) as worker:
        await until(lambda: analysing.runs)
        await enqueue(container)
        await until(lambda: waiting.runs)
        worker.stop()
        await until(lambda: waiting.cancelled)
        assert not analysing.cancelled
        analysing.may_end.set()
    assert analysing.ended


async def test_a_cancellation_that_got_lost_is_repeated() -> None:
    """A connection pool can lose a cancellation, and the worker would then never end."""

    async def ignore_first_cancellation() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    task = asyncio.create_task(ignore_first_cancellation())
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_S):
        await cancel_until_ended({task}, every=0.01)
    assert task.cancelled()
