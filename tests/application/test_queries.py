"""Clients read their own batches and reports, now and as of an instant, a page at a time."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from application.errors import AnalysisNotReady, BatchNotFound, ReportNotFound
from application.log import Metadata
from application.ports.read_model import PageAfter
from application.queries import Queries
from application.read_model import BatchJob
from application.submit import Submission
from domain import commands
from domain.statuses import BatchStatus, ReportStatus
from domain.tiers import Tier
from tests.application.conftest import World
from tests.application.tampering import edit_event
from tests.support.builders import ANALYSIS, NOON, new_id, uploaded_reports

USER, STRANGER = UUID(int=1), UUID(int=2)
METADATA = Metadata(actor=f"user:{USER}", correlation_id=UUID(int=5))
CANCEL = commands.Cancel(reason="no longer needed")


@pytest.fixture
def queries(world: World) -> Queries:
    return Queries(world.storage, world.codec)


async def submit(world: World, user_id: UUID = USER) -> UUID:
    """Submit a batch of one report, a minute after the batch before; return its id."""
    world.clock.move(60)
    report_ids = tuple(await uploaded_reports(world.storage, user_id))
    submission = Submission(user_id=user_id, tier=Tier.ENTERPRISE, report_ids=report_ids)
    return (await world.submit(submission, METADATA)).batch_id


async def cancel(world: World, batch_id: UUID) -> None:
    await world.handler.handle(batch_id, CANCEL, METADATA)


def ids(jobs: Sequence[BatchJob]) -> list[UUID]:
    return [job.batch_id for job in jobs]


async def test_a_batch_is_read_by_its_owner_alone(world: World, queries: Queries) -> None:
    batch_id = await submit(world)
    assert (await queries.batch(USER, batch_id)).status is BatchStatus.PENDING
    assert (await queries.submitted(USER, batch_id)).version == 1
    for read in (queries.batch, queries.submitted):
        with pytest.raises(BatchNotFound):
            await read(STRANGER, batch_id)
        with pytest.raises(BatchNotFound):
            await read(USER, new_id())


async def test_a_batch_as_of_an_instant_is_what_the_log_held_then(world: World, queries: Queries) -> None:
    batch_id = await submit(world)
    submitted_at = world.clock()
    world.clock.move(60)
    await cancel(world, batch_id)
    assert (await queries.batch_as_of(USER, batch_id, submitted_at)).status is BatchStatus.PENDING
    assert (await queries.batch_as_of(USER, batch_id, world.clock())).status is BatchStatus.FAILED
    with pytest.raises(BatchNotFound):
        await queries.batch_as_of(USER, batch_id, submitted_at - timedelta(seconds=1))
    with pytest.raises(BatchNotFound):
        await queries.batch_as_of(STRANGER, batch_id, submitted_at)


async def test_batches_come_newest_first_a_page_at_a_time(world: World, queries: Queries) -> None:
    oldest, middle, newest = [await submit(world) for _ in range(3)]
    await submit(world, STRANGER)
    first_page, following = await queries.batches(USER, status=None, limit=2, after=None)
    assert ids(first_page) == [newest, middle]
    last_page, end = await queries.batches(USER, status=None, limit=2, after=following)
    assert (ids(last_page), end) == ([oldest], None)


async def test_batches_are_listed_by_status(world: World, queries: Queries) -> None:
    finished, waiting = await submit(world), await submit(world)
    await cancel(world, finished)
    failed, _ = await queries.batches(USER, status=BatchStatus.FAILED, limit=2, after=None)
    pending, _ = await queries.batches(USER, status=BatchStatus.PENDING, limit=2, after=None)
    assert (ids(failed), ids(pending)) == ([finished], [waiting])


async def test_batches_as_of_an_instant_leave_out_what_came_later(world: World, queries: Queries) -> None:
    batch_id = await submit(world)
    then = world.clock()
    await cancel(world, batch_id)
    later = await submit(world)
    jobs, end = await queries.batches_as_of(USER, then, status=None, limit=2, after=None)
    assert (ids(jobs), end) == ([batch_id], None)
    jobs, _ = await queries.batches_as_of(USER, None, status=None, limit=2, after=None)
    assert ids(jobs) == [later, batch_id]


async def test_batches_as_of_an_instant_are_listed_by_their_status_then(world: World, queries: Queries) -> None:
    oldest, middle, newest = [await submit(world) for _ in range(3)]
    then = world.clock()
    world.clock.move(60)
    await cancel(world, middle)

    async def pending(after: PageAfter | None) -> tuple[Sequence[BatchJob], PageAfter | None]:
        return await queries.batches_as_of(USER, then, status=BatchStatus.PENDING, limit=2, after=after)

    first_page, following = await pending(None)
    last_page, end = await pending(following)
    assert ids(first_page) == [newest, middle]
    assert (ids(last_page), end) == ([oldest], None)
    failed_now, _ = await queries.batches_as_of(USER, None, status=BatchStatus.FAILED, limit=2, after=None)
    assert ids(failed_now) == [middle]


async def test_a_report_is_read_by_its_owner_alone(world: World, queries: Queries) -> None:
    older, newer = await uploaded_reports(world.storage, USER, 2)
    assert (await queries.report(USER, newer)).processing_status is ReportStatus.PENDING
    assert [report.report_id for report in await queries.reports(USER, limit=1, after=None)] == [newer]
    assert [report.report_id for report in await queries.reports(USER, limit=1, after=newer)] == [older]
    assert await queries.reports(STRANGER, limit=1, after=None) == []
    with pytest.raises(ReportNotFound):
        await queries.report(STRANGER, newer)


async def test_an_analysis_is_read_by_the_owner_of_its_report_once_it_is_there(world: World, queries: Queries) -> None:
    (report_id,) = await uploaded_reports(world.storage, USER)
    with pytest.raises(AnalysisNotReady):
        await queries.analysis(USER, report_id)
    analysis_id = new_id()
    async with world.storage.transaction() as tx:
        await tx.reports.add_analysis(
            analysis_id=analysis_id, report_id=report_id, batch_id=new_id(), analysis=ANALYSIS, at=NOON
        )
    assert await queries.analysis(USER, report_id) == (analysis_id, ANALYSIS)
    with pytest.raises(ReportNotFound):
        await queries.analysis(STRANGER, report_id)


async def test_one_answer_folds_a_bounded_number_of_batches(
    world: World, queries: Queries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.queries.FOLDED_AT_ONCE", 1)
    monkeypatch.setattr("application.queries.FOLDED_AT_MOST", 2)
    oldest = await submit(world)
    await cancel(world, oldest)
    for _ in range(2):
        await submit(world)

    async def failed(after: PageAfter | None) -> tuple[Sequence[BatchJob], PageAfter | None]:
        return await queries.batches_as_of(USER, None, status=BatchStatus.FAILED, limit=5, after=after)

    first_page, following = await failed(None)
    last_page, _ = await failed(following)
    assert (ids(first_page), ids(last_page)) == ([], [oldest])


async def test_the_submission_is_read_even_if_a_later_event_is_damaged(world: World, queries: Queries) -> None:
    batch_id = await submit(world)
    await cancel(world, batch_id)
    edit_event(world, batch_id, 2, data={})
    assert (await queries.submitted(USER, batch_id)).hash == world.storage.state.events[batch_id][0].hash
