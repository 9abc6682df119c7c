"""Submitting and working off a batch, by the one write path."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from application.errors import AnalysisCrashed, AnalyzerUnavailable, ReportUnreadable, StorageUnavailable
from application.fair_slots import FairSlots
from application.log import NO_HASH, Metadata
from application.ports.analyzer import Analyzer
from application.ports.storage import Transaction
from application.ports.worker import Lease
from application.process import ProcessBatch
from application.submit import Submission
from domain import commands, refusals
from domain.analysis import NarrativeAnalysis
from domain.failures import FailureCode
from domain.reports import ReportFormat
from domain.statuses import BatchStatus, ReportStatus
from domain.tiers import Tier
from tests.application.conftest import World
from tests.support.builders import ANALYSIS, uploaded_reports

USER = UUID(int=1)
ASKED = Metadata(actor=f"user:{USER}", correlation_id=UUID(int=5))


class ScriptedAnalyzer(Analyzer):
    """Does what it is told for one report after the other."""

    def __init__(self, *script: Exception | Callable[[], object] | None) -> None:
        self.script, self.analysed = list(script), 0

    async def analyze(self, content: bytes, report_format: ReportFormat) -> NarrativeAnalysis:
        step = self.script.pop(0) if self.script else None
        if isinstance(step, Exception):
            raise step
        if step is not None:
            step()
        self.analysed += 1
        return ANALYSIS


async def no_pause() -> None:
    return None


@dataclass
class HeldLease(Lease):
    """Remembers what it was told."""

    counts_as_attempt: bool = False
    marks: list[str] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    async def mark_analysing(self) -> None:
        self.marks.append("analysing")
        self.told.set()

    async def mark_waiting(self) -> None:
        self.marks.append("waiting")
        self.told.set()


@dataclass
class Sleeps:
    waited: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.waited.append(seconds)


def worker(
    world: World, analyzer: Analyzer, slots: FairSlots | None = None, sleep: Sleeps | None = None
) -> ProcessBatch:
    return ProcessBatch(
        world.storage,
        world.handler,
        analyzer,
        world.clock,
        world.new_id,
        max_attempts=3,
        slots=slots or FairSlots(1),
        backoff=lambda: [1.0, 2.0],
        sleep=sleep or Sleeps(),
        pause=no_pause,
        stopwatch=lambda: 0.0,
    )


async def submitted(world: World, count: int = 2) -> UUID:
    report_ids = tuple(await uploaded_reports(world.storage, USER, count))
    return (await world.submit(Submission(user_id=USER, tier=Tier.BASIC, report_ids=report_ids), ASKED)).batch_id


async def test_submitting_appends_projects_and_enqueues(world: World) -> None:
    batch_id = await submitted(world)
    assert world.types(batch_id) == ["Submitted"]
    assert world.storage.state.jobs[batch_id].status is BatchStatus.PENDING
    assert world.storage.state.queue == (batch_id,)
    assert world.storage.state.events[batch_id][0].metadata["actor"] == ASKED.actor


async def test_a_refused_submit_leaves_nothing(world: World) -> None:
    with pytest.raises(refusals.ReportsUnknown):
        await world.submit(Submission(user_id=USER, tier=Tier.BASIC, report_ids=(UUID(int=77),)), ASKED)
    assert world.storage.state.queue == ()
    assert world.storage.state.events == {}


async def test_a_batch_is_worked_off_in_the_order_given(world: World) -> None:
    batch_id = await submitted(world)
    await worker(world, ScriptedAnalyzer())(batch_id, "w1", HeldLease())
    assert world.types(batch_id) == ["Submitted", "Started", "ReportSucceeded", "ReportSucceeded", "Finished"]
    job = world.storage.state.jobs[batch_id]
    assert job.status is BatchStatus.COMPLETED
    assert [result.report_id for result in job.results] == list(job.report_ids)
    assert {result.analysis_id for result in job.results} == set(world.storage.state.analyses)
    assert world.storage.state.busy == {}
    assert {report.processing_status for report in world.storage.state.reports.values()} == {ReportStatus.COMPLETED}


async def test_a_report_that_cannot_be_read_costs_only_itself(world: World) -> None:
    batch_id = await submitted(world)
    await worker(world, ScriptedAnalyzer(ReportUnreadable(FailureCode.CORRUPTED_FILE)))(batch_id, "w1", HeldLease())
    assert world.types(batch_id)[2:] == ["ReportFailed", "ReportSucceeded", "Finished"]


async def test_a_report_that_was_deleted_is_missing(world: World) -> None:
    batch_id = await submitted(world)
    world.storage.state.reports.pop(world.storage.state.jobs[batch_id].report_ids[0])
    await worker(world, ScriptedAnalyzer())(batch_id, "w1", HeldLease())
    assert world.storage.state.events[batch_id][2].data["code"] == "REPORT_MISSING"


async def test_a_report_deleted_while_it_was_analysed_is_missing(world: World) -> None:
    batch_id = await submitted(world)
    first = world.storage.state.jobs[batch_id].report_ids[0]
    await worker(world, ScriptedAnalyzer(lambda: world.storage.state.reports.pop(first)))(batch_id, "w1", HeldLease())
    assert world.types(batch_id)[2:] == ["ReportFailed", "ReportSucceeded", "Finished"]
    assert world.storage.state.events[batch_id][2].data["code"] == "REPORT_MISSING"


async def test_a_crash_spends_an_attempt_and_another_is_made(world: World) -> None:
    batch_id = await submitted(world)
    await worker(world, ScriptedAnalyzer(AnalysisCrashed("x")))(batch_id, "w1", HeldLease())
    assert world.types(batch_id)[1:] == ["Started", "Started", "ReportSucceeded", "ReportSucceeded", "Finished"]


async def test_a_report_that_always_crashes_fails_after_its_attempts_and_the_rest_is_done(world: World) -> None:
    batch_id = await submitted(world)
    await worker(world, ScriptedAnalyzer(*[AnalysisCrashed("x")] * 3))(batch_id, "w1", HeldLease())
    assert world.types(batch_id)[1:] == ["Started"] * 4 + ["ReportFailed", "ReportSucceeded", "Finished"]
    assert world.storage.state.events[batch_id][5].data["code"] == "ANALYSIS_CRASHED"


async def test_an_analyser_that_cannot_be_reached_is_asked_again_and_nothing_is_recorded_of_it(world: World) -> None:
    batch_id = await submitted(world)
    sleeps = Sleeps()
    analyzer = ScriptedAnalyzer(*[AnalyzerUnavailable("503")] * 2)
    await worker(world, analyzer, sleep=sleeps)(batch_id, "w1", HeldLease())
    assert world.types(batch_id)[1:] == ["Started", "ReportSucceeded", "ReportSucceeded", "Finished"]
    assert sleeps.waited == [1.0, 2.0]


async def test_an_analyser_that_stays_away_spends_the_attempts_and_then_the_report_fails(world: World) -> None:
    batch_id = await submitted(world)
    sleeps = Sleeps()
    analyzer = ScriptedAnalyzer(*[AnalyzerUnavailable("503")] * 9)
    await worker(world, analyzer, sleep=sleeps)(batch_id, "w1", HeldLease())
    assert world.types(batch_id)[1:] == ["Started"] * 4 + ["ReportFailed", "ReportSucceeded", "Finished"]
    assert sleeps.waited == [1.0, 2.0] * 3


async def test_to_wait_for_a_turn_is_no_attempt(world: World) -> None:
    """A worker that dies leaves the mark: only what was being analysed counts."""
    batch_id = await submitted(world)
    slots, lease, in_the_way = FairSlots(1), HeldLease(), asyncio.Event()

    async def hold() -> None:
        async with slots.take(UUID(int=9), exclusive=False, before_waiting=no_pause):
            await in_the_way.wait()

    holding = asyncio.create_task(hold())
    await asyncio.sleep(0)
    running = asyncio.create_task(worker(world, ScriptedAnalyzer(), slots)(batch_id, "w1", lease))
    await lease.told.wait()
    assert (lease.marks, world.types(batch_id)) == (["waiting"], ["Submitted"])
    in_the_way.set()
    await asyncio.gather(holding, running)
    assert lease.marks[:2] == ["waiting", "analysing"]


@pytest.mark.parametrize("counts_as_attempt", [False, True])
async def test_a_report_that_may_have_killed_its_worker_is_analysed_alone(
    world: World, counts_as_attempt: bool
) -> None:
    batch_id = await submitted(world, 1)
    await world.handler.handle(batch_id, commands.Start(worker_id="w0", max_attempts=3), ASKED)
    slots = FairSlots(2)
    seen: list[bool] = []

    def look() -> None:
        seen.append(slots.free == 0)

    lease = HeldLease(counts_as_attempt=counts_as_attempt)
    await worker(world, ScriptedAnalyzer(look), slots)(batch_id, "w1", lease)
    assert seen == [counts_as_attempt]


async def test_while_the_database_is_away_the_worker_waits_with_what_it_has(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = await submitted(world)
    away = iter([True, False, False, False, True, True, False, True])
    transaction = world.storage.transaction

    def flapping() -> AbstractAsyncContextManager[Transaction]:
        if next(away, False):
            raise StorageUnavailable("it is away")
        return transaction()

    monkeypatch.setattr(world.storage, "transaction", flapping)
    analyzer = ScriptedAnalyzer()
    await worker(world, analyzer)(batch_id, "w1", HeldLease())
    assert world.types(batch_id) == ["Submitted", "Started", "ReportSucceeded", "ReportSucceeded", "Finished"]
    assert analyzer.analysed == 2, "no report is analysed again"


async def test_an_outcome_whose_answer_got_lost_is_recorded_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    batch_id = await submitted(world)
    lost = iter([False, False, False, True])
    transaction = world.storage.transaction

    @asynccontextmanager
    async def losing() -> AsyncIterator[Transaction]:
        async with transaction() as tx:
            yield tx
        if next(lost, False):
            raise StorageUnavailable("it was stored, and nobody was told")

    monkeypatch.setattr(world.storage, "transaction", losing)
    analyzer = ScriptedAnalyzer()
    await worker(world, analyzer)(batch_id, "w1", HeldLease())
    assert next(lost, None) is None
    assert world.types(batch_id) == ["Submitted", "Started", "ReportSucceeded", "ReportSucceeded", "Finished"]
    assert analyzer.analysed == 2, "no report is analysed again"


async def test_a_batch_that_was_handed_back_costs_no_attempt(world: World) -> None:
    batch_id = await submitted(world)
    for worker_id in ("w1", "w2", "w3"):
        await world.handler.handle(batch_id, commands.Start(worker_id=worker_id, max_attempts=3), ASKED)
    await worker(world, ScriptedAnalyzer())(batch_id, "w4", HeldLease(counts_as_attempt=False))
    assert world.types(batch_id)[-3:] == ["ReportSucceeded", "ReportSucceeded", "Finished"]


async def test_a_worker_that_lost_the_batch_records_nothing_more(world: World) -> None:
    batch_id = await submitted(world)

    async def take_over() -> None:
        await world.handler.handle(batch_id, commands.Start(worker_id="w2", max_attempts=3), ASKED)

    class Frozen(ScriptedAnalyzer):
        async def analyze(self, content: bytes, report_format: ReportFormat) -> NarrativeAnalysis:
            await take_over()
            return await super().analyze(content, report_format)

    with pytest.raises(refusals.NotHolder):
        await worker(world, Frozen())(batch_id, "w1", HeldLease())
    assert world.types(batch_id) == ["Submitted", "Started", "Started"]
    assert world.storage.state.analyses == {}


async def test_a_finished_batch_is_left_alone(world: World) -> None:
    batch_id = await submitted(world)
    await worker(world, ScriptedAnalyzer())(batch_id, "w1", HeldLease())
    before = world.types(batch_id)
    await worker(world, ScriptedAnalyzer())(batch_id, "w2", HeldLease())
    assert world.types(batch_id) == before


async def test_events_are_chained_and_their_time_never_goes_back(world: World) -> None:
    batch_id = await submitted(world)
    world.clock.move(-3600)
    await worker(world, ScriptedAnalyzer())(batch_id, "w1", HeldLease())
    stream = world.storage.state.events[batch_id]
    assert [event.previous_hash for event in stream] == [NO_HASH, *(event.hash for event in stream[:-1])]
    assert [event.recorded_at for event in stream] == sorted(event.recorded_at for event in stream)
