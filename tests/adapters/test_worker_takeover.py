"""Batches of dead and stopped workers, which other workers take over."""

import time
from uuid import uuid4

import pytest

from adapters.pgqueuer.timing import POLL_S
from entrypoints.container import Container
from tests.support.queue_workers import (
    HEARTBEAT_S,
    BatchRecorder,
    enqueue,
    give_leases_to,
    running_worker,
    until,
)

MANY_BATCHES = 8
"""So many that a worker which claims one of them at each poll takes much longer than the tests allow."""


async def test_a_dead_worker_s_batch_is_taken_over(container: Container) -> None:
    dead, alive = uuid4(), BatchRecorder()
    batch_id = await enqueue(container)
    async with container.pool().connection() as connection:
        await connection.execute("UPDATE pgqueuer SET status = 'picked', queue_manager_id = %s", [dead])
    async with running_worker(container, alive):
        await until(lambda: alive.ended)
    assert alive.ended_batches == [batch_id]


async def test_a_dead_local_worker_s_leases_are_released_before_they_expire(container: Container) -> None:
    dead, recorder = uuid4(), BatchRecorder()
    folder = container.settings().data_dir / "workers"
    folder.mkdir(parents=True)
    (folder / f"{dead}.lock").touch()
    batch_id = await enqueue(container)
    async with container.pool().connection() as connection:
        await connection.execute(
            "UPDATE pgqueuer SET status = 'picked', queue_manager_id = %s, heartbeat = now() + INTERVAL '1 hour'",
            [dead],
        )
    async with running_worker(container, recorder):
        await until(lambda: recorder.ended)
        await until(lambda: not (folder / f"{dead}.lock").exists())
    assert recorder.ended_batches == [batch_id]


async def test_a_worker_that_lost_its_lease_stops_processing_the_batch(container: Container) -> None:
    recorder = BatchRecorder()
    recorder.may_end.clear()
    await enqueue(container)
    async with running_worker(container, recorder):
        await until(lambda: recorder.runs)
        await give_leases_to(container, uuid4())
        await until(lambda: recorder.cancelled)


@pytest.mark.parametrize("analyses", [False, True], ids=["waiting", "analysing"])
async def test_a_worker_s_death_costs_an_attempt_only_of_a_report_being_analysed(
    container: Container, analyses: bool
) -> None:
    first, second = BatchRecorder(), BatchRecorder()
    first.analyses = analyses
    await enqueue(container)
    first.may_end.clear()
    async with running_worker(container, first, concurrency=1):
        await until(lambda: first.runs)
        async with container.pool().connection() as connection:
            await connection.execute("UPDATE pgqueuer SET queue_manager_id = %s, heartbeat = 'epoch'", [uuid4()])
        async with running_worker(container, second):
            await until(lambda: len(first.runs + second.runs) == 2)
        first.may_end.set()
    assert first.counts_as_attempt + second.counts_as_attempt == [False, analyses]


@pytest.mark.parametrize("gone", ["dead", "stopped"])
async def test_a_busy_worker_takes_over_all_batches_of_a_worker_that_is_gone_at_once(
    container: Container, gone: str
) -> None:
    busy, other = BatchRecorder(), BatchRecorder()
    busy.may_end.clear()
    other.may_end.clear()
    async with running_worker(container, busy, eager=1):
        await enqueue(container)
        await until(lambda: busy.runs)
        async with running_worker(container, other, eager=MANY_BATCHES, concurrency=MANY_BATCHES):
            for _ in range(MANY_BATCHES):
                await enqueue(container)
            await until(lambda: len(other.runs) + len(busy.runs) > MANY_BATCHES)
            if gone == "dead":
                await give_leases_to(container, uuid4())
        began = time.monotonic()
        await until(lambda: len(busy.runs) > MANY_BATCHES)
        assert time.monotonic() - began < HEARTBEAT_S + 2 * POLL_S
        busy.may_end.set()
