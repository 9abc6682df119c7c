"""A worker: claims batches, keeps its claims alive by heartbeats, and gives back what it cannot finish.

Claims are leases. A worker that dies stops renewing them, and another takes its batches over after the heartbeat
timeout; one on the same machine at once. Whoever lost a batch is refused by the log (see `domain.batch`), so nothing
here has to be exact, and the queue itself may lose everything: what is unfinished is enqueued again.
"""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Collection, Coroutine
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

from adapters.pgqueuer.dispatcher import ENTRYPOINT, PgQueuerDispatcher
from adapters.pgqueuer.drivers import PoolDriver
from adapters.pgqueuer.heartbeat import Heartbeat
from adapters.pgqueuer.lease import ANALYSING, QueueLease
from adapters.pgqueuer.local_liveness import LocalLiveness
from application.ports.worker import RunBatch, Worker
from domain.refusals import BatchUnknown, NotHolder
from sql import query

log = structlog.get_logger()

POLL = 0.5
"""Seconds between looks at the queue: this alone gives correctness, notifications only save the wait."""
LISTEN_AGAIN = 60.0
HAND_BACK = 10.0
"""Seconds that a batch which is cut off has to be handed back."""
RECONCILE = 5.0
AFTER_A_FAULT = timedelta(seconds=1)
AFTER_AN_OUTAGE = timedelta(days=1)
BATCHES = {QueueEntrypoint(ENTRYPOINT): EntrypointExecutionParameter(concurrency_limit=0)}


class PgQueuerWorker(Worker):
    """`worker_id` must be new at every start of a process; `heartbeat_timeout` and `grace` are in seconds.

    Up to `eager` batches are taken at once, more up to `concurrency` at the pace of the polls: so that each user has
    a batch in the running, and idle workers come before busy ones. What was begun before and is nobody's is taken at
    once by whoever looks first.
    """

    def __init__(
        self,
        pool: AsyncConnectionPool[Any],
        run_batch: RunBatch,
        *,
        database_url: str,
        worker_id: UUID,
        neighbours: LocalLiveness,
        concurrency: int,
        eager: int,
        heartbeat_timeout: float,
        grace: float,
    ) -> None:
        self._pool, self._run_batch, self._neighbours = pool, run_batch, neighbours
        self._queries = Queries(PoolDriver(pool))
        self._me, self._grace = QueueManagerId(worker_id), grace
        self._concurrency, self._eager = concurrency, eager
        self._timeout = timedelta(seconds=heartbeat_timeout)
        self._heartbeat = Heartbeat(
            database_url, worker_id, heartbeat_timeout, held=lambda: list(self.running), lost=self._lost
        )
        self._claims = itertools.count(1)
        self.running: dict[int, asyncio.Task[None]] = {}
        """What is worked on, by the row's id in the queue."""
        self._leases: dict[int, QueueLease] = {}
        self._looked_at: float | None = None
        self._nobody_is_dead_before = 0.0
        self._wake, self._stopping = asyncio.Event(), asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        log.info("worker started", worker=str(self._me), concurrency=self._concurrency)
        self._loop = asyncio.get_running_loop()
        self._meet_neighbours()
        self._heartbeat.start()
        try:
            async with _background(self._listen()), _background(self._keep_reconciling()):
                while not self._stopping.is_set():
                    self._wake.clear()
                    if not await self.claim() or self._is_busy():
                        await self._wait()
                await self.drain()
        finally:
            self._heartbeat.stop()
            self._neighbours.leave()
        log.info("worker stopped", worker=str(self._me))

    def _meet_neighbours(self) -> None:
        try:
            self._neighbours.enter(self._me)
        except OSError as closed:
            log.warning("dead neighbours cannot be noticed, only their heartbeats", error=str(closed))

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(POLL):
                await self._wake.wait()
        except TimeoutError:
            return

    def _is_busy(self) -> bool:
        return len(self.running) >= self._eager

    async def claim(self) -> bool:
        """Take as many batches as there is room for; whether there may be more."""
        room = self._concurrency - len(self.running)
        if room <= 0:
            return False
        try:
            room = min(room, self._eager + await self._interrupted())
            jobs = await self._queries.dequeue(room, BATCHES, self._me, None, self._dead_after())
        except psycopg.Error as away:
            log.warning("the queue cannot be read, trying again", error=type(away).__name__)
            return False
        except Exception as failure:
            log.exception("the queue could not be read now", error=type(failure).__name__)
            return False
        for job in jobs:
            if job.id not in self.running:
                self.running[job.id] = asyncio.create_task(self._work(job))
        return bool(jobs)

    def _dead_after(self) -> timedelta:
        """How old a claim must be to be a dead worker's, asked when the queue has just been read.

        After an outage every claim is that old: those who lived through it get half a timeout to renew theirs.
        """
        now, timeout = asyncio.get_running_loop().time(), self._timeout.total_seconds()
        if self._looked_at is not None and now - self._looked_at > timeout / 4 + 2 * POLL:
            self._nobody_is_dead_before = now + timeout / 2
        self._looked_at = now
        return self._timeout if now >= self._nobody_is_dead_before else AFTER_AN_OUTAGE

    async def _interrupted(self) -> int:
        """How many batches were begun and are nobody's: handed back, or those of dead workers."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(query("count_interrupted"), {"timeout": self._timeout})
            row = await cursor.fetchone()
        return int(row["interrupted"]) if row else 0

    async def _work(self, job: Job) -> None:
        batch_id = UUID(bytes=job.payload or b"")
        holder = f"{self._me}:{next(self._claims)}"
        lease = self._leases[job.id] = QueueLease(job, self._settle, self._stopping.is_set)
        structlog.contextvars.bind_contextvars(batch_id=str(batch_id))
        try:
            log.info("batch taken", batch_id=str(batch_id), holder=holder)
            await self._run_batch(batch_id, holder, lease)
            log.info("batch left", batch_id=str(batch_id), holder=holder)
        except asyncio.CancelledError:
            if not self._stopping.is_set():
                log.warning("another worker has taken the batch over", batch_id=str(batch_id), holder=holder)
            else:
                await self._settle("hand_back", job, delay=timedelta(), headers=lease.headers_to_hand_back)
                log.info("batch handed back", batch_id=str(batch_id), holder=holder)
        except NotHolder:
            log.warning("another worker has taken the batch over", batch_id=str(batch_id), holder=holder)
            await self._settle("hand_back", job, delay=timedelta(), headers=ANALYSING)
        except BatchUnknown:
            log.error("the queue named a batch that the log does not know", batch_id=str(batch_id))
            await self._settle("complete_job", job)
        except Exception as failure:
            log.exception("the batch could not be worked off now", batch_id=str(batch_id), error=type(failure).__name__)
            await self._settle("hand_back", job, delay=AFTER_A_FAULT, headers=ANALYSING)
        else:
            await self._settle("complete_job", job)
        finally:
            self.running.pop(job.id, None)
            self._leases.pop(job.id, None)
            if not self._is_busy():
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

    async def drain(self) -> None:
        """Give the reports that are being analysed their grace, hand back everything else."""
        if not self.running:
            return
        log.info("worker stops", worker=str(self._me), batches=len(self.running), grace=self._grace)
        for job_id, lease in list(self._leases.items()):
            if not lease.analysing:
                self.running[job_id].cancel()
        _, late = await asyncio.wait(list(self.running.values()), timeout=self._grace)
        await ended(late, again=HAND_BACK)

    def _lost(self, job_ids: Collection[int]) -> None:
        """Let go of batches whose claim is not ours any more; called from the heartbeat's thread."""
        for job_id in job_ids:
            if task := self.running.get(job_id):
                self._loop.call_soon_threadsafe(task.cancel)

    async def _keep_reconciling(self) -> None:
        while True:
            try:
                await self.reconcile()
            except psycopg.Error as away:
                log.warning("the queue cannot be reconciled, trying again", error=type(away).__name__)
            except Exception as failure:
                log.exception("the queue could not be reconciled now", error=type(failure).__name__)
            await asyncio.sleep(RECONCILE * random.uniform(0.5, 1.5))

    async def reconcile(self) -> None:
        """Release what dead neighbours held, enqueue what nobody accounts for, prune; safe on every worker at once.

        Rows of the queue that no worker would ever take are set right, since they would account for their batches.
        Raises psycopg.Error.
        """
        async with self._pool.connection() as connection, connection.transaction():
            if dead := self._neighbours.dead():
                await connection.execute(query("release_leases"), {"workers": dead})
            await connection.execute(query("repair_queue"))
            cursor = await connection.execute(query("unaccounted_batches"))
            for row in await cursor.fetchall():
                log.warning("an unfinished batch was in no queue", batch_id=str(row["batch_id"]))
                await PgQueuerDispatcher(connection).enqueue(row["batch_id"])
            await connection.execute(query("prune_queue_log"))
        self._neighbours.bury(dead)
        if dead:
            self._wake.set()

    async def _listen(self) -> None:
        """Wake at once when something is enqueued; where listening fails, polling goes on."""
        while True:
            try:
                async with self._pool.connection() as connection:
                    await connection.execute(query("listen"))
                    while True:
                        async for _ in connection.notifies(timeout=LISTEN_AGAIN):
                            if not self._is_busy():
                                self._wake.set()
            except psycopg.Error as lost:
                log.warning("the queue cannot be listened to, polling", error=type(lost).__name__)
            await asyncio.sleep(POLL)


@asynccontextmanager
async def _background(coroutine: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(coroutine)
    try:
        yield
    finally:
        await ended({task}, again=POLL)


async def ended(tasks: Collection[asyncio.Task[None]], *, again: float) -> None:
    """Cancel the tasks until they have ended, once more every `again` seconds.

    One cancellation can get lost: `asyncio.wait_for` of Python 3.11, which the pool waits by, drops one that comes in
    the same moment as what it waits for.
    """
    while tasks:
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=again)
