"""Processing a batch: outcomes of reports, attempts, and waiting for a slot."""

import asyncio
from uuid import UUID

import pytest

from application.errors import AnalysisCrashed, AnalyzerUnavailable, ReportUnreadable
from application.fair_slots import FairSlots
from domain import commands
from domain.analysis import NarrativeAnalysis
from domain.failures import FailureCode
from domain.reports import ReportFormat
from tests.application.batches import (
    ASKED,
    STRANGER,
    HeldLease,
    ScriptedAnalyzer,
    Sleeps,
    no_pause,
    started,
    submitted,
    worker,
)
from tests.application.conftest import World


async def test_a_report_that_cannot_be_read_costs_only_itself(world: World) -> None:
    batch_id = await submitted(world)
    await worker(world, ScriptedAnalyzer(ReportUnreadable(FailureCode.CORRUPTED_FILE)))(batch_id, "w1", HeldLease())
    assert world.types(batch_id)[2:] == ["ReportFailed", "ReportSucceeded", "Finished"]


async def test_a_report_that_was_deleted_is_missing(world: World) -> None:
    batch_id = await submitted(world)
    world.storage.state.reports.pop(world.storage.state.jobs[batch_id].report_ids[0])
    await worker(world, ScriptedAnalyzer())(batch_id, "w1", HeldLease())
    assert world.storage.state.events[batch_id][2].data["code"] == "REPORT_MISSING"


async def test_a_report_deleted_during_its_analysis_is_missing(world: World) -> None:
    batch_id = await submitted(world)
    first = world.storage.state.jobs[batch_id].report_ids[0]
    await worker(world, ScriptedAnalyzer(lambda: world.storage.state.reports.pop(first)))(batch_id, "w1", HeldLease())
    assert world.types(batch_id)[2:] == ["ReportFailed", "ReportSucceeded", "Finished"]
    assert world.storage.state.events[batch_id][2].data["code"] == "REPORT_MISSING"


async def test_a_finished_batch_is_left_alone(world: World) -> None:
    batch_id = await submitted(world)
    await worker(world, ScriptedAnalyzer())(batch_id, "w1", HeldLease())
    before = world.types(batch_id)
    await worker(world, ScriptedAnalyzer())(batch_id, "w2", HeldLease())
    assert world.types(batch_id) == before


async def test_a_batch_cancelled_during_an_analysis_ends_without_an_error(world: World) -> None:
    batch_id = await submitted(world)

    class Cancelled(ScriptedAnalyzer):
        async def analyze(self, content: bytes, report_format: ReportFormat) -> NarrativeAnalysis:
            await world.handler.handle(batch_id, commands.Cancel(reason="a test"), ASKED)
            raise AnalysisCrashed("killed")

    await worker(world, Cancelled())(batch_id, "w1", HeldLease())
    assert world.types(batch_id) == ["Submitted", "Started", "ReportFailed", "ReportFailed", "Finished"]


async def test_a_crash_spends_an_attempt_and_the_report_is_analysed_again(world: World) -> None:
    batch_id = await submitted(world)
    await worker(world, ScriptedAnalyzer(AnalysisCrashed("x")))(batch_id, "w1", HeldLease())
    assert world.types(batch_id)[1:] == ["Started", "Started", "ReportSucceeded", "ReportSucceeded", "Finished"]


async def test_a_report_that_always_crashes_fails_after_its_attempts_and_the_rest_is_done(world: World) -> None:
    batch_id = await submitted(world)
    await worker(world, ScriptedAnalyzer(*[AnalysisCrashed("x")] * 3))(batch_id, "w1", HeldLease())
    assert world.types(batch_id)[1:] == ["Started"] * 4 + ["ReportFailed", "ReportSucceeded", "Finished"]
    assert world.storage.state.events[batch_id][5].data["code"] == "ANALYSIS_CRASHED"


async def test_the_last_report_that_always_crashes_finishes_the_batch(world: World) -> None:
    batch_id = await submitted(world, reports=1)
    await worker(world, ScriptedAnalyzer(*[AnalysisCrashed("x")] * 3))(batch_id, "w1", HeldLease())
    assert world.types(batch_id)[1:] == ["Started"] * 4 + ["ReportFailed", "Finished"]


async def test_an_analyser_that_cannot_be_reached_is_called_again_before_an_attempt_is_spent(world: World) -> None:
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


async def test_a_batch_that_was_handed_back_costs_no_attempt(world: World) -> None:
    batch_id = await submitted(world)
    for worker_id in ("w1", "w2", "w3"):
        await world.handler.handle(batch_id, commands.Start(worker_id=worker_id, max_attempts=3), ASKED)
    await worker(world, ScriptedAnalyzer())(batch_id, "w4", HeldLease(counts_as_attempt=False))
    assert world.types(batch_id)[-3:] == ["ReportSucceeded", "ReportSucceeded", "Finished"]


async def waited(world: World, batch_id: UUID, lease: HeldLease) -> list[str]:
    """Process the batch while another user holds the only slot; return the marks of the time spent waiting."""
    slots, taken, in_the_way = FairSlots(1), asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with slots.take(STRANGER, exclusive=False, before_waiting=no_pause):
            taken.set()
            await in_the_way.wait()

    holding = asyncio.create_task(hold())
    await taken.wait()
    running = asyncio.create_task(worker(world, ScriptedAnalyzer(), slots)(batch_id, "w1", lease))
    for _ in range(20):
        await asyncio.sleep(0)
    marks = list(lease.marks)
    assert "Started" not in world.types(batch_id)
    in_the_way.set()
    await asyncio.gather(holding, running)
    return marks


async def test_waiting_for_a_slot_costs_no_attempt(world: World) -> None:
    batch_id, lease = await submitted(world), HeldLease()
    assert await waited(world, batch_id, lease) == ["waiting"]
    assert lease.marks[:2] == ["waiting", "analysing"]


async def test_waiting_does_not_unmark_a_batch_whose_start_counts_as_an_attempt(world: World) -> None:
    batch_id = await submitted(world)
    assert await waited(world, batch_id, HeldLease(counts_as_attempt=True)) == []


@pytest.mark.parametrize("counts_as_attempt", [False, True])
async def test_a_report_that_may_have_killed_its_worker_is_analysed_alone(
    world: World, counts_as_attempt: bool
) -> None:
    batch_id = await started(world, reports=1, worker_id="w0")
    slots = FairSlots(2)
    alone: list[bool] = []

    def look() -> None:
        alone.append(slots.free == 0)

    lease = HeldLease(counts_as_attempt=counts_as_attempt)
    await worker(world, ScriptedAnalyzer(look), slots)(batch_id, "w1", lease)
    assert alone == [counts_as_attempt]
