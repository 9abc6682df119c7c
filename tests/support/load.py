"""Clients that submit, read and finish batches at a steady rate, and report stale reads and errors."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from uuid import UUID

from application.log import Metadata
from application.submit import Submission
from domain import commands
from domain.tiers import Tier
from entrypoints.container import Container
from tests.support.batches import metadata_of
from tests.support.builders import new_id, uploaded_reports

CLIENTS = 12
"""Clients at work at once; fewer than the pool has connections."""


@dataclass
class Load:
    """`versions` are the highest that were read of each batch; `wrong` describes stale reads and errors."""

    container: Container
    versions: dict[UUID, int] = field(default_factory=dict)
    owners: dict[UUID, UUID] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    submits: int = 0
    reads: int = 0
    slowest: float = 0.0
    """Seconds of the slowest submit."""

    async def run(self, rate: float, reports: list[tuple[UUID, UUID]]) -> float:
        """Submit a batch for each user and report, `rate` a second if the clients can; return the actual rate."""
        loop, running, clients = asyncio.get_running_loop(), set[asyncio.Task[None]](), asyncio.Semaphore(CLIENTS)
        began = loop.time()
        for number, (user_id, report_id) in enumerate(reports):
            await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
            await clients.acquire()
            task = asyncio.create_task(self._be_client(user_id, report_id))
            running.add(task)
            task.add_done_callback(running.discard)
            task.add_done_callback(lambda _: clients.release())
        rate = self.submits / (loop.time() - began)
        await asyncio.gather(*running)
        return rate

    async def _be_client(self, user_id: UUID, report_id: UUID) -> None:
        """Submit a batch, and read it and another one; start one in ten batches, and finish most of these."""
        try:
            submission = Submission(user_id=user_id, tier=Tier.BASIC, report_ids=(report_id,))
            began = time.perf_counter()
            batch_id = (await self.container.submit()(submission, metadata_of(user_id))).batch_id
            self.slowest = max(self.slowest, time.perf_counter() - began)
            self.submits += 1
            self.owners[batch_id] = user_id
            await self._read(batch_id, at_least=1)
            await self._read(random.choice(list(self.versions)), at_least=0)
            if random.random() > 1 / 10:
                return
            worker = Metadata(actor="worker:w", correlation_id=new_id())
            await self.container.handler().handle(batch_id, commands.Start(worker_id="w", max_attempts=3), worker)
            await self._read(batch_id, at_least=2)
            if random.random() < 2 / 3:  # the others stay unfinished
                outcome = commands.RecordSuccess(
                    worker_id="w", report_id=report_id, analysis_id=new_id(), duration_ms=1
                )
                await self.container.handler().handle(batch_id, outcome, worker)
                await self._read(batch_id, at_least=4)
        except Exception as error:
            self.wrong.append(f"{type(error).__name__}: {error}")

    async def _read(self, batch_id: UUID, at_least: int) -> None:
        """Read a batch, and note if its version is lower than one that is known to be committed."""
        known = max(at_least, self.versions.get(batch_id, 0))
        job = await self.container.queries().batch(self.owners[batch_id], batch_id)
        self.reads += 1
        if job.version < known:
            self.wrong.append(f"batch {batch_id} was at version {known}, but version {job.version} was read")
        self.versions[batch_id] = max(job.version, self.versions.get(batch_id, 0))


async def users_with_reports(container: Container, count: int) -> list[tuple[UUID, UUID]]:
    """Upload a report for each of `count` new users; return the ids of users and reports."""
    users = [new_id() for _ in range(count)]
    found: list[tuple[UUID, UUID]] = []
    for first in range(0, count, 50):
        part = users[first : first + 50]
        ids = await asyncio.gather(*(uploaded_reports(container.storage(), user) for user in part))
        found += [(user, report_ids[0]) for user, report_ids in zip(part, ids, strict=True)]
    return found
