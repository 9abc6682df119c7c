"""A worker: claims batches, keeps its claims alive by heartbeats, and gives back what it cannot finish.

Claims are leases. A worker that dies stops renewing them, and another takes its batches over after the heartbeat
timeout. Whoever lost a batch is refused by the log (see `domain.batch`), so nothing here has to be exact.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import structlog
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.models import Job
from pgqueuer.domain.types import QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter
from psycopg_pool import AsyncConnectionPool

from adapters.pgqueuer.dispatcher import ENTRYPOINT
from adapters.pgqueuer.drivers import PoolDriver
from application.ports.worker import RunBatch, Worker
from sql import query

log = structlog.get_logger()

CHANNEL = "ch_pgqueuer"
POLL = 1.0
"""Seconds between looks at the queue: this alone gives correctness, notifications only save the wait."""
LISTEN_AGAIN = 60.0
MAX_BACKOFF = timedelta(seconds=60)
BEATS_A_TIMEOUT = 4
BATCHES = {QueueEntrypoint(ENTRYPOINT): EntrypointExecutionParameter(concurrency_limit=0)}


class PgQueuerWorker(Worker):
    """`worker_id` must be new at every start of a process; `heartbeat_timeout` and `grace` are in seconds."""

    def __init__(
        self,
        pool: AsyncConnectionPool[Any],
        run_batch: RunBatch,
        *,
        worker_id: UUID,
        concurrency: int,
        heartbeat_timeout: float,
        grace: float,
    ) -> None:
        self._pool, self._run_batch = pool, run_batch
        self._queries = Queries(PoolDriver(pool))
        self._me, self._concurrency, self._grace = QueueManagerId(worker_id), concurrency, grace
        self._timeout = timedelta(seconds=heartbeat_timeout)
        self._claims = itertools.count(1)
        self._running: dict[int, asyncio.Task[None]] = {}
        self._wake, self._stopping = asyncio.Event(), asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        log.info("worker started", worker=str(self._me), concurrency=self._concurrency)
        async with _background(self._listen()), _background(self._keep_alive()):
            while not self._stopping.is_set():
                self._wake.clear()
                if not await self._claim():
                    await self._wait()
            await self._drain()
        log.info("worker stopped", worker=str(self._me))

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(POLL):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _claim(self) -> bool:
        """Take as many batches as there is room for; whether there may be more."""
        room = self._concurrency - len(self._running)
        if room <= 0:
            return False
        try:
            jobs = await self._queries.dequeue(room, BATCHES, self._me, None, self._timeout)
        except psycopg.Error as away:
            log.warning("the queue cannot be read, trying again", error=type(away).__name__)
            return False
        for job in jobs:
            if job.id not in self._running:
                self._running[job.id] = asyncio.create_task(self._work(job))
        return bool(jobs)

    async def _work(self, job: Job) -> None:
        batch_id = UUID(bytes=job.payload or b"")
        holder = f"{self._me}:{next(self._claims)}"
        try:
            await self._run_batch(batch_id, holder)
        except asyncio.CancelledError:
            if not self._stopping.is_set():
                log.warning("another worker has taken the batch over", batch_id=str(batch_id), holder=holder)
            else:
                await self._settle("hand_back", job, delay=timedelta(), channel=CHANNEL)
        except Exception as failure:
            delay = min(MAX_BACKOFF, timedelta(seconds=2 ** min(job.attempts, 6)))
            log.exception("the batch could not be worked off now", batch_id=str(batch_id), error=type(failure).__name__)
            await self._settle("hand_back", job, delay=delay, channel=CHANNEL)
        else:
            await self._settle("complete_job", job)
        finally:
            self._running.pop(job.id, None)
            self._wake.set()

    async def _settle(self, statement: str, job: Job, **more: object) -> None:
        """Tell the queue, however long the database is away; while it is, the claim runs out and nothing is lost."""
        while True:
            try:
                async with self._pool.connection() as connection:
                    await connection.execute(query(statement), {"job_id": job.id, "worker": self._me, **more})
                return
            except psycopg.Error as away:
                log.warning("the queue cannot be told, trying again", job=job.id, error=type(away).__name__)
                if self._stopping.is_set():
                    return
                await asyncio.sleep(POLL)

    async def _drain(self) -> None:
        """Give what runs its grace, then hand back what is left."""
        running = list(self._running.values())
        if not running:
            return
        _, late = await asyncio.wait(running, timeout=self._grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _keep_alive(self) -> None:
        """Renew the claims; a batch whose claim is not ours any more is let go."""
        while True:
            await asyncio.sleep(self._timeout.total_seconds() / BEATS_A_TIMEOUT)
            held = dict(self._running)
            try:
                async with self._pool.connection() as connection:
                    cursor = await connection.execute(query("heartbeat"), {"job_ids": list(held), "worker": self._me})
                    ours = {row["id"] for row in await cursor.fetchall()}
                    await connection.execute(query("prune_queue_log"))
            except psycopg.Error as away:
                log.warning("heartbeats cannot be written, trying again", error=type(away).__name__)
                continue
            for job_id in held.keys() - ours:
                if task := self._running.get(job_id):
                    task.cancel()

    async def _listen(self) -> None:
        """Wake at once when something is enqueued; where listening fails, polling goes on."""
        while True:
            try:
                async with self._pool.connection() as connection:
                    await connection.execute(query("listen"))
                    while True:
                        async for _ in connection.notifies(timeout=LISTEN_AGAIN):
                            self._wake.set()
            except psycopg.Error as lost:
                log.warning("the queue cannot be listened to, polling", error=type(lost).__name__)
            await asyncio.sleep(POLL)


@asynccontextmanager
async def _background(coroutine: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(coroutine)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
