"""A worker: it claims batches, keeps its leases on them alive by heartbeats, and hands back unfinished batches.

If a worker dies, its leases expire after the heartbeat timeout, and other workers take its batches over; workers on the
same machine do so within seconds. The log refuses events from a worker that has lost its lease (see `domain.batch`), so
leases need not be exact. The queue may even lose all its entries: the reconciler enqueues every unfinished batch again.
"""

import asyncio
import itertools
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from pgqueuer.domain.models import Job
from psycopg_pool import AsyncConnectionPool

from adapters.pgqueuer.claimer import Claimer
from adapters.pgqueuer.entry_updates import EntryUpdates
from adapters.pgqueuer.heartbeat import Heartbeat
from adapters.pgqueuer.lease import QueueLease
from adapters.pgqueuer.listener import QueueListener
from adapters.pgqueuer.local_liveness import LocalLiveness
from adapters.pgqueuer.reconciler import Reconciler
from adapters.pgqueuer.tasks import cancel_until_ended, in_background
from adapters.pgqueuer.timing import HAND_BACK_S, POLL_S, RETRY_DELAY
from application.ports.worker import RunBatch, Worker
from domain.refusals import BatchUnknown, NotHolder

log = structlog.get_logger()

WORKER_STARTED, BATCH_CLAIMED, BATCH_PROCESSED = "worker started", "batch claimed", "batch processed"
"""Log events from which a reader can follow who held which batch."""


class PgQueuerWorker(Worker):
    """A worker on PgQueuer's tables.

    A worker that holds `eager` batches is busy: from then on it claims at the pace of its polls, up to `concurrency`
    batches. So batches of several users are in progress at once, and idle workers claim new batches before busy ones.
    The next worker that polls claims interrupted batches (started, but without a holder), busy or not.

    `worker_id` must be new at each process start; `heartbeat_timeout` and `grace` are in seconds.
    """

    def __init__(
        self,
        pool: AsyncConnectionPool[Any],
        run_batch: RunBatch,
        *,
        database_url: str,
        worker_id: UUID,
        liveness: LocalLiveness,
        concurrency: int,
        eager: int,
        heartbeat_timeout: float,
        grace: float,
    ) -> None:
        self._run_batch, self._worker_id, self._liveness = run_batch, worker_id, liveness
        self._concurrency, self._eager, self._grace = concurrency, eager, grace
        self._wake, self._stopping = asyncio.Event(), asyncio.Event()
        self.running: dict[int, asyncio.Task[None]] = {}
        """The task of each batch that this worker holds, by the id of its queue entry."""
        self._leases: dict[int, QueueLease] = {}
        self._lease_numbers = itertools.count(1)
        self._updates = EntryUpdates(pool, worker_id, is_stopping=self._stopping.is_set)
        timeout = timedelta(seconds=heartbeat_timeout)
        self._claimer = Claimer(pool, worker_id, eager=eager, heartbeat_timeout=timeout)
        self._heartbeat = Heartbeat(
            database_url, worker_id, heartbeat_timeout, held=lambda: list(self.running), on_lost=self._cancel_lost
        )
        self._listener = QueueListener(pool, on_notification=self._wake_unless_busy)
        self.reconciler = Reconciler(pool, liveness, on_release=self._wake.set)

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        log.info(WORKER_STARTED, worker=str(self._worker_id), concurrency=self._concurrency)
        self._loop = asyncio.get_running_loop()
        self._register()
        self._heartbeat.start()
        try:
            async with in_background(self._listener.run()), in_background(self.reconciler.run()):
                while not self._stopping.is_set():
                    self._wake.clear()
                    if not await self.claim() or self._is_busy():
                        await self._wait_for_next_poll()
                await self.drain()
        finally:
            self._heartbeat.stop()
            self._liveness.unregister()
        log.info("worker stopped", worker=str(self._worker_id))

    async def claim(self) -> bool:
        """Claim batches up to `concurrency` and begin to process them; return whether there may be more to claim."""
        room = self._concurrency - len(self.running)
        jobs = await self._claimer.claim(room) if room > 0 else []
        for job in jobs:
            if job.id not in self.running:
                self.running[job.id] = asyncio.create_task(self._work_on(job))
        return bool(jobs)

    async def drain(self) -> None:
        """Let reports that are being analysed finish within the grace period; hand back all other batches at once."""
        if not self.running:
            return
        log.info("worker stopping", worker=str(self._worker_id), batches=len(self.running), grace=self._grace)
        for entry_id, lease in list(self._leases.items()):
            if not lease.is_analysing:
                self.running[entry_id].cancel()
        _, late = await asyncio.wait(list(self.running.values()), timeout=self._grace)
        await cancel_until_ended(late, every=HAND_BACK_S)

    async def _work_on(self, job: Job) -> None:
        """Hold a lease on the batch of this queue entry while it is processed."""
        batch_id = UUID(bytes=job.payload or b"")
        holder = f"{self._worker_id}:{next(self._lease_numbers)}"
        lease = self._leases[job.id] = QueueLease(job, self._updates, is_stopping=self._stopping.is_set)
        structlog.contextvars.bind_contextvars(batch_id=str(batch_id))
        try:
            await self._process(batch_id, holder, lease)
        finally:
            self.running.pop(job.id, None)
            self._leases.pop(job.id, None)
            self._wake_unless_busy()

    async def _process(self, batch_id: UUID, holder: str, lease: QueueLease) -> None:
        """Process the batch, then remove its queue entry or hand the batch back."""
        batch_log = log.bind(batch_id=str(batch_id), holder=holder)
        batch_log.info(BATCH_CLAIMED)
        try:
            await self._run_batch(batch_id, holder, lease)
        except asyncio.CancelledError:
            if not self._stopping.is_set():
                batch_log.warning("lease lost to another worker")
            else:
                await lease.hand_back(counts_as_attempt=lease.next_start_counts_as_attempt)
                batch_log.info("batch handed back")
        except NotHolder:
            batch_log.warning("lease lost to another worker")
            await lease.hand_back(counts_as_attempt=True)
        except BatchUnknown:
            batch_log.error("queue entry names an unknown batch; removing it")
            await lease.complete()
        except Exception as error:
            batch_log.exception("batch processing failed, will retry", error=type(error).__name__)
            await lease.hand_back(counts_as_attempt=True, delay=RETRY_DELAY)
        else:
            batch_log.info(BATCH_PROCESSED)
            await lease.complete()

    def _register(self) -> None:
        try:
            self._liveness.register(self._worker_id)
        except OSError as error:
            log.warning("local crash detection is unavailable", error=str(error))

    def _is_busy(self) -> bool:
        return len(self.running) >= self._eager

    def _wake_unless_busy(self) -> None:
        if not self._is_busy():
            self._wake.set()

    async def _wait_for_next_poll(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_S):
                await self._wake.wait()

    def _cancel_lost(self, entry_ids: Collection[int]) -> None:
        """Cancel work on batches whose leases were lost. Runs in the heartbeat's thread."""
        for entry_id in entry_ids:
            if task := self.running.get(entry_id):
                self._loop.call_soon_threadsafe(task.cancel)
