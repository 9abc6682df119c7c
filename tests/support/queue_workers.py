"""Workers on a real queue that record batches instead of processing them, and a view of the queue."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

from adapters.pgqueuer import LocalLiveness, PgQueuerDispatcher, PgQueuerWorker
from application.ports.worker import Lease, RunBatch
from entrypoints.container import Container
from tests.support.builders import new_id

HEARTBEAT_S = 0.4
PATIENCE_S = 10.0


class BatchRecorder:
    """Processes no batch: it records each batch with its holder, and ends when the test sets `may_end`.

    Each batch raises one of `failures` first, as long as there are any. If `analyses` is set, each batch is marked as
    being analysed.
    """

    def __init__(self) -> None:
        self.runs: list[tuple[UUID, str]] = []
        self.ended: list[tuple[UUID, str]] = []
        self.cancelled: list[tuple[UUID, str]] = []
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.counts_as_attempt: list[bool] = []
        self.analyses = False
        self.failures: list[Exception] = []

    async def __call__(self, batch_id: UUID, holder: str, lease: Lease) -> None:
        self.counts_as_attempt.append(lease.counts_as_attempt)
        if self.analyses:
            await lease.mark_analysing()
        self.runs.append((batch_id, holder))
        if self.failures:
            raise self.failures.pop()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled.append((batch_id, holder))
            raise
        self.ended.append((batch_id, holder))

    @property
    def ended_batches(self) -> list[UUID]:
        return [batch_id for batch_id, _ in self.ended]


@asynccontextmanager
async def running_worker(
    container: Container,
    run_batch: RunBatch,
    *,
    concurrency: int = 10,
    eager: int = 10,
    grace: float = 0.1,
) -> AsyncIterator[PgQueuerWorker]:
    """A worker that runs inside the context and stops at its end."""
    worker = PgQueuerWorker(
        container.pool(),
        run_batch,
        database_url=container.database_url(),
        worker_id=uuid4(),
        liveness=LocalLiveness(container.settings().data_dir / "workers"),
        concurrency=concurrency,
        eager=eager,
        heartbeat_timeout=HEARTBEAT_S,
        grace=grace,
    )
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await task


async def enqueue(container: Container, batch_id: UUID | None = None) -> UUID:
    """Enqueue the batch, or a new one, and return its id."""
    batch_id = batch_id or new_id()
    async with container.pool().connection() as connection, connection.transaction():
        await PgQueuerDispatcher(connection).enqueue(batch_id)
    return batch_id


async def until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds; used for state that has no event to wait for."""
    async with asyncio.timeout(PATIENCE_S):
        for _ in iter(lambda: bool(condition()), True):
            await asyncio.to_thread(time.sleep, 0.01)


async def queue_entries(container: Container) -> list[dict[str, Any]]:
    async with container.pool().connection() as connection:
        cursor = await connection.execute("SELECT status::text, queue_manager_id FROM pgqueuer ORDER BY id")
        return await cursor.fetchall()


async def leases(container: Container) -> list[dict[str, Any]]:
    async with container.pool().connection() as connection:
        return await (await connection.execute("SELECT heartbeat FROM pgqueuer WHERE status = 'picked'")).fetchall()


async def give_leases_to(container: Container, worker_id: UUID) -> None:
    """Make this worker the holder of every queue entry."""
    async with container.pool().connection() as connection:
        await connection.execute("UPDATE pgqueuer SET queue_manager_id = %s", [worker_id])
