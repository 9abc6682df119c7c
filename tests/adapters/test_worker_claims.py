"""Enqueueing batches, and workers that claim them."""

import asyncio
from contextlib import suppress
from functools import partial

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from adapters.pgqueuer import PgQueuerDispatcher
from domain.refusals import BatchUnknown
from entrypoints.container import Container, Database
from tests.support.builders import new_id
from tests.support.queue_workers import (
    PATIENCE_S,
    BatchRecorder,
    enqueue,
    queue_entries,
    running_worker,
    until,
)


async def test_each_enqueued_batch_is_processed_once_and_removed_from_the_queue(container: Container) -> None:
    recorder = BatchRecorder()
    async with running_worker(container, recorder):
        batch_ids = [await enqueue(container) for _ in range(20)]
        await until(lambda: len(recorder.ended) == 20)
    assert sorted(batch_id for batch_id, _ in recorder.runs) == sorted(batch_ids)
    assert len({holder for _, holder in recorder.runs}) == 20, "each lease has a holder name of its own"
    assert await queue_entries(container) == []


async def test_a_batch_that_is_in_the_queue_is_not_enqueued_again(container: Container) -> None:
    batch_id = await enqueue(container)
    await enqueue(container, batch_id)
    assert len(await queue_entries(container)) == 1


async def test_enqueueing_is_part_of_the_transaction(container: Container) -> None:
    with pytest.raises(ZeroDivisionError):
        async with container.pool().connection() as connection, connection.transaction():
            await PgQueuerDispatcher(connection).enqueue(new_id())
            raise ZeroDivisionError
    assert await queue_entries(container) == []


async def test_a_worker_holds_no_more_batches_than_its_concurrency(container: Container) -> None:
    recorder = BatchRecorder()
    recorder.may_end.clear()
    for _ in range(5):
        await enqueue(container)
    async with running_worker(container, recorder, concurrency=2):
        await until(lambda: len(recorder.runs) == 2)
        waiting = [entry for entry in await queue_entries(container) if entry["status"] == "queued"]
        assert len(waiting) == 3
        recorder.may_end.set()
        await until(lambda: len(recorder.ended) == 5)


async def test_an_idle_worker_claims_before_a_busy_one(container: Container) -> None:
    busy, idle = BatchRecorder(), BatchRecorder()
    busy.may_end.clear()

    def more_than(done: int) -> bool:
        return len(idle.ended) + len(busy.runs) > done

    await enqueue(container)
    async with running_worker(container, busy, eager=1):
        await until(lambda: busy.runs)
        async with running_worker(container, idle, eager=1):
            for done in range(1, 6):
                await enqueue(container)
                await until(partial(more_than, done))
        busy.may_end.set()
    assert len(idle.ended) > len(busy.runs)


async def test_an_entry_that_names_an_unknown_batch_is_removed_from_the_queue(container: Container) -> None:
    recorder = BatchRecorder()
    recorder.failures = [BatchUnknown()]
    await enqueue(container)
    async with running_worker(container, recorder):
        await until(lambda: recorder.runs)
    assert await queue_entries(container) == []


async def test_a_batch_whose_processing_failed_is_retried(container: Container) -> None:
    recorder = BatchRecorder()
    recorder.failures = [ValueError("a bug")]
    await enqueue(container)
    async with running_worker(container, recorder):
        await until(lambda: recorder.ended)
    assert len(recorder.runs) == 2


async def enqueue_with_retries(container: Container) -> None:
    """Enqueue a new batch, as a client does that retries after a 503."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(psycopg.OperationalError, PoolTimeout):
                await enqueue(container)
                return


async def test_a_worker_goes_on_after_all_its_connections_were_lost(container: Container, database: Database) -> None:
    recorder = BatchRecorder()
    async with running_worker(container, recorder):
        await enqueue(container)
        await until(lambda: len(recorder.ended) == 1)
        info = psycopg.conninfo.conninfo_to_dict(container.database_url())
        with psycopg.connect(
            container.database_url().replace("-crole=fna_batch_app", ""), autocommit=True
        ) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                [info["dbname"]],
            )
        await enqueue_with_retries(container)
        await until(lambda: len(recorder.ended) == 2)
