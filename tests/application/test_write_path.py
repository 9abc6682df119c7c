"""The write path: commands become events, and rows follow in the same transaction."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest

from adapters.memory.event_store import MemoryEventStore
from application.errors import WrongExpectedVersion
from application.handler import CONFLICT_RETRIES
from application.log import NO_HASH, StoredEvent
from application.submit import Submission
from domain import commands, refusals
from domain.analysis import NarrativeAnalysis
from domain.reports import ReportFormat
from domain.statuses import BatchStatus, ReportStatus
from domain.tiers import Tier
from tests.application.batches import ASKED, USER, HeldLease, ScriptedAnalyzer, started, submitted, worker
from tests.application.conftest import World
from tests.support.builders import new_id


async def test_submitting_appends_projects_and_enqueues(world: World) -> None:
    batch_id = await submitted(world)
    assert world.types(batch_id) == ["Submitted"]
    assert world.storage.state.jobs[batch_id].status is BatchStatus.PENDING
    assert list(world.storage.state.queue) == [batch_id]
    assert world.storage.state.events[batch_id][0].metadata["actor"] == ASKED.actor


async def test_a_refused_submit_leaves_nothing(world: World) -> None:
    with pytest.raises(refusals.ReportsUnknown):
        await world.submit(Submission(user_id=USER, tier=Tier.BASIC, report_ids=(new_id(),)), ASKED)
    assert world.storage.state.queue == {}
    assert world.storage.state.events == {}


async def test_a_batch_is_processed_in_the_order_given(world: World) -> None:
    batch_id = await submitted(world)
    await worker(world, ScriptedAnalyzer())(batch_id, "w1", HeldLease())
    assert world.types(batch_id) == ["Submitted", "Started", "ReportSucceeded", "ReportSucceeded", "Finished"]
    job = world.storage.state.jobs[batch_id]
    assert job.status is BatchStatus.COMPLETED
    assert [result.report_id for result in job.results] == list(job.report_ids)
    assert {result.analysis_id for result in job.results} == set(world.storage.state.analyses)
    assert world.storage.state.busy == {}
    assert {report.processing_status for report in world.storage.state.reports.values()} == {ReportStatus.COMPLETED}


async def test_events_are_chained_and_their_time_never_goes_back(world: World) -> None:
    batch_id = await submitted(world)
    world.clock.move(-3600)
    await worker(world, ScriptedAnalyzer())(batch_id, "w1", HeldLease())
    stream = world.storage.state.events[batch_id]
    assert [event.previous_hash for event in stream] == [NO_HASH, *(event.hash for event in stream[:-1])]
    assert [event.recorded_at for event in stream] == sorted(event.recorded_at for event in stream)


async def test_a_worker_that_lost_the_batch_records_nothing_more(world: World) -> None:
    batch_id = await submitted(world)

    class Overtaken(ScriptedAnalyzer):
        async def analyze(self, content: bytes, report_format: ReportFormat) -> NarrativeAnalysis:
            await world.handler.handle(batch_id, commands.Start(worker_id="w2", max_attempts=3), ASKED)
            return await super().analyze(content, report_format)

    with pytest.raises(refusals.NotHolder):
        await worker(world, Overtaken())(batch_id, "w1", HeldLease())
    assert world.types(batch_id) == ["Submitted", "Started", "Started"]
    assert world.storage.state.analyses == {}


async def test_a_command_to_an_unknown_batch_is_refused(world: World) -> None:
    with pytest.raises(refusals.BatchUnknown):
        await world.handler.handle(new_id(), commands.Start(worker_id="w1", max_attempts=3), ASKED)
    with pytest.raises(refusals.BatchUnknown):
        await world.handler.read(new_id())


async def test_a_command_that_loses_a_race_is_decided_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    batch_id = await started(world, reports=1)
    raced = racing(monkeypatch, times=CONFLICT_RETRIES)
    await world.handler.handle(batch_id, commands.Cancel(reason="a test"), ASKED)
    assert next(raced, None) is None
    assert world.types(batch_id) == ["Submitted", "Started", "ReportFailed", "Finished"]


async def test_a_command_that_loses_every_race_ends_with_the_conflict(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = await started(world)
    racing(monkeypatch, times=CONFLICT_RETRIES + 1)
    with pytest.raises(WrongExpectedVersion):
        await world.handler.handle(batch_id, commands.Cancel(reason="a test"), ASKED)
    assert world.types(batch_id) == ["Submitted", "Started"]


def racing(monkeypatch: pytest.MonkeyPatch, times: int) -> Iterator[int]:
    """Hide the latest event from the next readers, as if another writer appended it after they had read."""
    left, read = iter(range(times)), MemoryEventStore.read

    async def read_too_early(self: MemoryEventStore, batch_id: UUID) -> Sequence[StoredEvent]:
        stream = await read(self, batch_id)
        return stream if next(left, None) is None else stream[:-1]

    monkeypatch.setattr(MemoryEventStore, "read", read_too_early)
    return left
