"""Two workers and their clients over a real PostgreSQL, in the order that hypothesis chooses.

Every task stops before each of its transactions, before each append and before each analysis, until a rule lets it
go on: so takeovers, deaths and lost answers fall into every gap there is. The queue believes every claim to have run
out at once, which gives the same batch to both workers as often as can be.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import psycopg
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from psycopg.rows import dict_row

from adapters.pgqueuer import LocalLiveness, PgQueuerWorker
from application.audit.signed_notes import public_key
from application.errors import AnalysisCrashed, AnalyzerUnavailable, ReportUnreadable, StorageUnavailable
from application.fair_slots import FairSlots
from application.handler import CommandHandler
from application.log import GlobalPosition, Metadata, StoredEvent
from application.ports.analyzer import Analyzer
from application.ports.event_store import EventStore
from application.ports.read_model import BatchJobs
from application.ports.reports import Reports
from application.ports.storage import Storage, Transaction
from application.ports.submissions import Dispatcher, Submissions
from application.process import ProcessBatch
from application.submit import Submission
from domain import commands
from domain.analysis import NarrativeAnalysis
from domain.failures import FailureCode
from domain.refusals import Refusal
from domain.reports import ReportFormat
from domain.tiers import Tier
from entrypoints.container import Container, Database
from tests.chaos.checker import (
    ANALYSES,
    EVENTS,
    JOBS,
    analysis_faults,
    order_faults,
    read_model_faults,
    stream_faults,
)
from tests.conftest import new_database, settings_in
from tests.support.batches import ATTRIBUTION, all_findings, checked_offline, export_lines
from tests.support.builders import ANALYSIS, uploaded_reports

USERS = (UUID(int=1), UUID(int=2))
ROUNDS, EXAMPLES = 60, 25
VERDICTS = {
    "transaction": ("go on", "go on", "go on", "the database is away", "the answer gets lost"),
    "append": ("go on",),
    "analysis": ("go on", "go on", "unreadable", "crash", "unavailable"),
}
Task = asyncio.Task[None]


class Stage:
    """Where tasks stop, and are let go on by name of what shall happen next."""

    def __init__(self) -> None:
        self.stopped: dict[Task, tuple[str, asyncio.Future[str]]] = {}
        self.waiting_for_a_slot: set[Task] = set()

    async def stop_at(self, place: str) -> str:
        """The verdict."""
        task: Any = asyncio.current_task()
        told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.stopped[task] = (place, told)
        try:
            return await told
        finally:
            self.stopped.pop(task, None)

    def let_go(self, task: Task, verdict: str) -> None:
        _, told = self.stopped.pop(task)
        told.set_result(verdict)

    def is_still(self, task: Task) -> bool:
        return task.done() or task in self.stopped or task in self.waiting_for_a_slot


class StagedEvents(EventStore):
    def __init__(self, events: EventStore, stage: Stage) -> None:
        self._events, self._stage = events, stage

    async def read(self, batch_id: UUID) -> Sequence[StoredEvent]:
        return await self._events.read(batch_id)

    async def append(self, streams: Sequence[Sequence[StoredEvent]]) -> Any:
        await self._stage.stop_at("append")
        return await self._events.append(streams)

    async def streams(self, batch_ids: Sequence[UUID]) -> Any:
        return await self._events.streams(batch_ids)

    async def submitted(self, user_id: UUID, **asked: Any) -> Any:
        return await self._events.submitted(user_id, **asked)

    async def log(self, after: GlobalPosition, limit: int) -> Any:
        return await self._events.log(after, limit)


class StagedStorage(Storage):
    def __init__(self, storage: Storage, stage: Stage) -> None:
        self._storage, self._stage = storage, stage

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        verdict = await self._stage.stop_at("transaction")
        if verdict == "the database is away":
            raise StorageUnavailable(verdict)
        async with self._storage.transaction() as tx:
            yield StagedTransaction(tx, self._stage)
        if verdict == "the answer gets lost":
            raise StorageUnavailable(verdict)


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


class StagedAnalyzer(Analyzer):
    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def analyze(self, content: bytes, report_format: ReportFormat) -> NarrativeAnalysis:
        match await self._stage.stop_at("analysis"):
            case "unreadable":
                raise ReportUnreadable(FailureCode.CORRUPTED_FILE)
            case "crash":
                raise AnalysisCrashed("exit code 9")
            case "unavailable":
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


async def at_once(_: float = 0) -> None:
    return None


class World:
    """Everything that runs, in a loop that only moves while a rule is applied."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.stage = database, Stage()
        self.container = Container(settings=settings_in(folder), database_url=database.url)
        self.storage = StagedStorage(self.container.storage(), self.stage)
        self.neighbours = LocalLiveness(folder / "workers")
        self.workers = [self.new_worker(), self.new_worker()]

    def new_worker(self) -> PgQueuerWorker:
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
            sleep=at_once,
            pause=at_once,
        )
        return PgQueuerWorker(
            self.container.pool(),
            process,
            database_url=self.database.url,
            worker_id=uuid4(),
            neighbours=self.neighbours,
            concurrency=3,
            eager=2,
            heartbeat_timeout=0,
            grace=0,
        )

    def tasks(self) -> list[Task]:
        return [task for worker in self.workers for task in worker.running.values()]

    def stopped(self) -> list[Task]:
        """Those that a rule may let go on, in an order that does not depend on chance."""
        return [task for task in self.tasks() if task in self.stage.stopped]

    async def quiet(self) -> None:
        """Until every task has ended or stands still."""
        async with asyncio.timeout(20):
            while True:
                for _ in range(5):
                    await asyncio.sleep(0)
                if all(self.stage.is_still(task) for task in self.tasks()):
                    return
                await asyncio.sleep(0.001)


class Interleavings(RuleBasedStateMachine):
    server: str
    template: str

    def __init__(self) -> None:
        super().__init__()
        self.stack, self.batches, self.cleaned = ExitStack(), list[UUID](), set[str]()

    @initialize()
    def begin(self) -> None:
        folder = Path(self.stack.enter_context(TemporaryDirectory()))
        database = self.stack.enter_context(new_database(self.server, self.template))
        self.runner = self.stack.enter_context(asyncio.Runner())
        self.world = World(database, folder)
        self.runner.run(self.world.container.pool().open())

    # --- clients

    @precondition(lambda self: len(self.batches) < 4)
    @rule(user_id=st.sampled_from(USERS), count=st.integers(1, 3))
    def submit(self, user_id: UUID, count: int) -> None:
        async def submit() -> UUID:
            container = self.world.container
            report_ids = tuple(await uploaded_reports(container.storage(), user_id, count))
            asked = Submission(user_id=user_id, tier=Tier.ENTERPRISE, report_ids=report_ids)
            return (await container.submit()(asked, by(user_id))).batch_id

        self.batches.append(self.runner.run(submit()))

    @precondition(lambda self: self.batches)
    @rule(choice=st.data())
    def cancel(self, choice: st.DataObject) -> None:
        batch_id = choice.draw(st.sampled_from(self.batches))
        command = commands.Cancel(reason="changed my mind")

        async def cancel() -> None:
            try:
                await self.world.container.handler().handle(batch_id, command, by(USERS[0]))
            except Refusal:
                return

        self.runner.run(cancel())

    # --- workers

    @rule(number=st.integers(0, 1))
    def claim(self, number: int) -> None:
        self.run(self.world.workers[number].claim())

    @precondition(lambda self: self.world.stopped())
    @rule(choice=st.data())
    def let_one_go_on(self, choice: st.DataObject) -> None:
        stopped = self.world.stopped()
        task = stopped[choice.draw(st.integers(0, len(stopped) - 1))]
        place, _ = self.world.stage.stopped[task]
        self.let_go(task, choice.draw(st.sampled_from(VERDICTS[place])))

    @rule(number=st.integers(0, 1))
    def a_worker_is_killed(self, number: int) -> None:
        """Its tasks end where they are; what they had open in the database is rolled back."""
        self.lose_all(number)
        self.world.workers[number] = self.world.new_worker()

    @rule(number=st.integers(0, 1))
    def a_worker_learns_that_its_claims_are_lost(self, number: int) -> None:
        self.lose_all(number)

    @rule(number=st.integers(0, 1))
    def a_worker_is_stopped(self, number: int) -> None:
        worker = self.world.workers[number]
        worker.stop()
        self.run(worker.drain())
        assert not worker.running
        self.world.workers[number] = self.world.new_worker()

    def lose_all(self, number: int) -> None:
        async def lose() -> None:
            tasks = list(self.world.workers[number].running.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self.run(lose())

    # --- the queue

    @rule()
    def the_queue_is_emptied(self) -> None:
        self.sql("TRUNCATE pgqueuer, pgqueuer_log, pgqueuer_statistics")

    @rule(number=st.integers(0, 1))
    def reconcile(self, number: int) -> None:
        self.run(self.world.workers[number].reconcile())

    @rule()
    def time_passes(self) -> None:
        self.sql("UPDATE pgqueuer SET execute_after = now()")

    # --- the audit

    @rule()
    def what_there_is_is_sealed(self) -> None:
        self.runner.run(self.world.container.sealer().seal())

    @rule()
    def the_read_model_is_rebuilt(self) -> None:
        async def rebuild() -> None:
            async for _ in self.world.container.rebuild().everything(ATTRIBUTION):
                pass

        self.runner.run(rebuild())

    @rule()
    def what_has_finished_is_cleaned_up(self) -> None:
        async def clean() -> None:
            async for _ in self.world.container.retention().clean(timedelta(0), ATTRIBUTION):
                pass

        self.runner.run(clean())
        self.cleaned |= set(self.streams()) - {job["batch_id"] for job in self.sql(JOBS)}

    @rule()
    def everybody_reads_an_export(self) -> None:
        self.runner.run(self.exported_and_checked())

    async def exported_and_checked(self) -> None:
        container = self.world.container
        lines = [json.dumps(line) for line in await export_lines(container)]
        last = await container.sealed_log().latest()
        assert checked_offline(lines, [str(public_key(container.signer()))], [last.note] if last else []) == []

    # --- what always holds

    @invariant()
    def the_log_is_in_order_and_the_read_model_equals_it(self) -> None:
        if not hasattr(self, "world"):
            return
        for stream in self.streams().values():
            assert list(order_faults(stream)) == []
        assert self.runner.run(self.found_by_the_audit()) == []

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self.finish()
        finally:
            if hasattr(self, "world"):
                self.lose_all(0)
                self.lose_all(1)
                self.runner.run(self.world.container.pool().close())
            self.stack.close()

    def finish(self) -> None:
        """From here on nothing goes wrong any more: so everything must come to its end."""
        for _ in range(ROUNDS):
            while stopped := self.world.stopped():
                self.let_go(stopped[0], "go on")
            if not self.world.tasks() and not self.unfinished():
                break
            self.run(self.world.workers[0].reconcile())
            self.time_passes()
            self.run(self.world.workers[0].claim())
            self.run(self.world.workers[1].claim())
        streams = self.streams()
        assert set(streams) == {str(batch_id) for batch_id in self.batches}
        jobs = {job["batch_id"]: job for job in self.sql(JOBS)}
        for batch_id, stream in streams.items():
            assert list(stream_faults(stream)) == []
            if batch_id not in self.cleaned or batch_id in jobs:
                assert list(read_model_faults(stream, jobs.get(batch_id))) == []
        analyses = {row["analysis_id"]: row for row in self.sql(ANALYSES)}
        assert list(analysis_faults(streams, analyses)) == []

    def unfinished(self) -> bool:
        return bool(self.sql("SELECT 1 FROM batch_jobs WHERE status IN ('PENDING', 'PROCESSING')"))

    def let_go(self, task: Task, verdict: str) -> None:
        async def let_go() -> None:
            self.world.stage.let_go(task, verdict)

        self.run(let_go())

    def run(self, step: Any) -> None:
        async def until_quiet() -> None:
            await step
            await self.world.quiet()

        self.runner.run(until_quiet())

    async def found_by_the_audit(self) -> list[object]:
        return list(await all_findings(self.world.container))

    def streams(self) -> Mapping[str, list[dict[str, Any]]]:
        streams: dict[str, list[dict[str, Any]]] = {}
        for event in self.sql(EVENTS):
            streams.setdefault(event["batch_id"], []).append(event)
        return streams

    def sql(self, statement: str) -> list[dict[str, Any]]:
        with psycopg.connect(self.world.database.admin_url, row_factory=dict_row, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def by(user_id: UUID) -> Metadata:
    return Metadata(actor=f"user:{user_id}", correlation_id=user_id)


def test_nothing_is_lost_and_nothing_is_there_twice(server: str, template: str) -> None:
    class Machine(Interleavings):
        pass

    Machine.server, Machine.template = server, template
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=40,
            deadline=None,
            phases=(Phase.reuse, Phase.generate),  # an example takes too long for hundreds of smaller ones
            suppress_health_check=list(HealthCheck),
        ),
    )
