"""Two workers whose tasks pause before each transaction, append and analysis, until a test lets them go on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from adapters.pgqueuer import LocalLiveness, PgQueuerWorker
from application.errors import AnalysisCrashed, AnalyzerUnavailable, ReportUnreadable, StorageUnavailable
from application.fair_slots import FairSlots
from application.handler import CommandHandler
from application.log import GlobalPosition, StoredEvent
from application.ports.analyzer import Analyzer
from application.ports.event_store import EventStore
from application.ports.read_model import BatchJobs
from application.ports.reports import Reports
from application.ports.storage import Storage, Transaction
from application.ports.submissions import Dispatcher, Submissions
from application.process import ProcessBatch
from domain.analysis import NarrativeAnalysis
from domain.failures import FailureCode
from domain.reports import ReportFormat
from entrypoints.container import Container, Database
from tests.conftest import settings_in
from tests.support.builders import ANALYSIS

GO_ON, DATABASE_AWAY, ANSWER_LOST = "go on", "database away", "answer lost"
UNREADABLE, CRASH, UNAVAILABLE = "unreadable", "crash", "unavailable"
VERDICTS = {
    "transaction": (GO_ON, GO_ON, GO_ON, DATABASE_AWAY, ANSWER_LOST),
    "append": (GO_ON,),
    "analysis": (GO_ON, GO_ON, UNREADABLE, CRASH, UNAVAILABLE),
}
"""The possible next steps at each kind of pause; a step that is repeated is more likely."""
Task = asyncio.Task[None]


class Stage:
    """The pauses: a paused task waits for the verdict on what happens next."""

    def __init__(self) -> None:
        self.paused: dict[Task, tuple[str, asyncio.Future[str]]] = {}
        self.waiting_for_a_slot: set[Task] = set()

    async def pause(self, kind: str) -> str:
        """Pause the current task, and return the verdict."""
        task: Any = asyncio.current_task()
        verdict: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.paused[task] = (kind, verdict)
        try:
            return await verdict
        finally:
            self.paused.pop(task, None)

    def resume(self, task: Task, verdict: str) -> None:
        _, future = self.paused.pop(task)
        future.set_result(verdict)

    def is_still(self, task: Task) -> bool:
        return task.done() or task in self.paused or task in self.waiting_for_a_slot


class StagedEvents(EventStore):
    def __init__(self, events: EventStore, stage: Stage) -> None:
        self._events, self._stage = events, stage

    async def read(self, batch_id: UUID) -> Sequence[StoredEvent]:
        return await self._events.read(batch_id)

    async def append(self, streams: Sequence[Sequence[StoredEvent]]) -> Any:
        await self._stage.pause("append")
        return await self._events.append(streams)

    async def streams(self, batch_ids: Sequence[UUID]) -> Any:
        return await self._events.streams(batch_ids)

    async def submitted(self, user_id: UUID, **parameters: Any) -> Any:
        return await self._events.submitted(user_id, **parameters)

    async def log(self, after: GlobalPosition, limit: int) -> Any:
        return await self._events.log(after, limit)


class StagedTransaction(Transaction):
    def __init__(self, tx: Transaction, stage: Stage) -> None:
        self._tx, self._stage = tx, stage

    @property
    def events(self) -> EventStore:
        return StagedEvents(self._tx.events, self._stage)

    @property
    def batch_jobs(self) -> BatchJobs:
        return self._tx.batch_jobs

    @property
    def reports(self) -> Reports:
        return self._tx.reports

    @property
    def submissions(self) -> Submissions:
        return self._tx.submissions

    @property
    def queue(self) -> Dispatcher:
        return self._tx.queue


class StagedStorage(Storage):
    def __init__(self, storage: Storage, stage: Stage) -> None:
        self._storage, self._stage = storage, stage

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        verdict = await self._stage.pause("transaction")
        if verdict == DATABASE_AWAY:
            raise StorageUnavailable(verdict)
        async with self._storage.transaction() as tx:
            yield StagedTransaction(tx, self._stage)
        if verdict == ANSWER_LOST:
            raise StorageUnavailable(verdict)


class StagedAnalyzer(Analyzer):
    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def analyze(self, content: bytes, report_format: ReportFormat) -> NarrativeAnalysis:
        verdict = await self._stage.pause("analysis")
        if verdict == UNREADABLE:
            raise ReportUnreadable(FailureCode.CORRUPTED_FILE)
        if verdict == CRASH:
            raise AnalysisCrashed("exit code 9")
        if verdict == UNAVAILABLE:
            raise AnalyzerUnavailable("503")
        return ANALYSIS


class StagedSlots(FairSlots):
    def __init__(self, stage: Stage) -> None:
        super().__init__(2)
        self._stage = stage

    async def _wait(self, user_id: UUID, units: int) -> None:
        task: Any = asyncio.current_task()
        self._stage.waiting_for_a_slot.add(task)
        try:
            await super()._wait(user_id, units)
        finally:
            self._stage.waiting_for_a_slot.discard(task)


async def no_wait(_: float = 0) -> None:
    return None


class World:
    """Two workers on one database, in an event loop that moves only while a rule is applied."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.stage = database, Stage()
        self.container = Container(settings=settings_in(folder), database_url=database.url)
        self.storage = StagedStorage(self.container.storage(), self.stage)
        self.liveness = LocalLiveness(folder / "workers")
        self.workers = [self.new_worker(), self.new_worker()]

    def new_worker(self) -> PgQueuerWorker:
        """Return a worker to which every lease seems expired, so both workers claim the same batches all the time."""
        handler = CommandHandler(self.storage, self.container.codec(), self.container.clock())
        process = ProcessBatch(
            self.storage,
            handler,
            StagedAnalyzer(self.stage),
            self.container.clock(),
            self.container.new_id(),
            max_attempts=3,
            slots=StagedSlots(self.stage),
            backoff=lambda: [0.0],
            sleep=no_wait,
            pause=no_wait,
        )
        return PgQueuerWorker(
            self.container.pool(),
            process,
            database_url=self.database.url,
            worker_id=uuid4(),
            liveness=self.liveness,
            concurrency=3,
            eager=2,
            heartbeat_timeout=0,
            grace=0,
        )

    def tasks(self) -> list[Task]:
        return [task for worker in self.workers for task in worker.running.values()]

    def paused(self) -> list[Task]:
        """Return the paused tasks in a reproducible order."""
        return [task for task in self.tasks() if task in self.stage.paused]

    async def until_still(self) -> None:
        """Wait until every task has ended, is paused, or waits for a slot."""
        async with asyncio.timeout(20):
            while True:
                for _ in range(5):
                    await asyncio.sleep(0)
                if all(self.stage.is_still(task) for task in self.tasks()):
                    return
                await asyncio.sleep(0.001)
