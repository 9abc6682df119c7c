"""Queries: what a client reads, now and as of an instant, and only of its own."""

from collections.abc import Sequence

import pytest

from application.asker import OPERATOR
from application.errors import AnalysisNotReady, BatchNotFound, ReportNotFound
from application.ports.read_model import PageAfter
from application.read_model import BatchJob
from domain.statuses import BatchStatus
from tests.application.batches import ASKED, STRANGER, USER, finished, started, submitted
from tests.application.conftest import World
from tests.application.tampering import edit_event
from tests.support.builders import ANALYSIS, NOON, new_id, uploaded


async def test_a_batch_is_read_by_its_owner_alone(world: World) -> None:
    batch_id = await started(world)
    assert await world.queries.batch(USER, batch_id) == world.storage.state.jobs[batch_id]
    for user_id, named in ((STRANGER, batch_id), (USER, new_id())):
        with pytest.raises(BatchNotFound):
            await world.queries.batch(user_id, named)


async def test_a_batch_as_of_an_instant_is_folded_from_the_events_until_then(world: World) -> None:
    batch_id = await submitted(world)
    before = await world.queries.batch(USER, batch_id)
    world.clock.move(60)
    await world.cancel(batch_id, OPERATOR, ASKED)
    assert await world.queries.batch_as_of(USER, batch_id, NOON) == before
    assert await world.queries.batch_as_of(USER, batch_id, world.clock()) == await world.queries.batch(USER, batch_id)


async def test_a_batch_is_unknown_before_its_submission_and_to_others(world: World) -> None:
    world.clock.move(60)
    batch_id = await submitted(world)
    for user_id, instant in ((USER, NOON), (STRANGER, world.clock())):
        with pytest.raises(BatchNotFound):
            await world.queries.batch_as_of(user_id, batch_id, instant)


async def page_by_page(world: World, *, as_of: bool, status: BatchStatus | None, limit: int) -> list[list[BatchJob]]:
    """Read every page of the user's batches."""
    pages: list[list[BatchJob]] = []
    after: PageAfter | None = None
    while True:
        page: Sequence[BatchJob]
        if as_of:
            page, after = await world.queries.batches_as_of(USER, None, status=status, limit=limit, after=after)
        else:
            page, after = await world.queries.batches(USER, status=status, limit=limit, after=after)
        pages.append(list(page))
        if after is None:
            return pages


@pytest.mark.parametrize("as_of", [False, True], ids=["now", "from the log"])
async def test_pages_of_batches_are_complete_and_newest_first(world: World, as_of: bool) -> None:
    own = [await submitted(world, reports=1) for _ in range(5)]
    await submitted(world, user_id=STRANGER)
    pages = await page_by_page(world, as_of=as_of, status=None, limit=2)
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [job.batch_id for page in pages for job in page] == own[::-1]


@pytest.mark.parametrize("as_of", [False, True], ids=["now", "from the log"])
async def test_pages_can_be_limited_to_a_status(world: World, as_of: bool) -> None:
    done = [await finished(world, reports=1) for _ in range(3)]
    await submitted(world)
    pages = await page_by_page(world, as_of=as_of, status=BatchStatus.COMPLETED, limit=2)
    assert [job.batch_id for page in pages for job in page] == done[::-1]
    assert [len(page) for page in pages] == [2, 1]


async def test_batches_as_of_an_instant_have_the_status_of_then(world: World) -> None:
    batch_id = await submitted(world)
    world.clock.move(60)
    await world.cancel(batch_id, OPERATOR, ASKED)
    pending, _ = await world.queries.batches_as_of(USER, NOON, status=BatchStatus.PENDING, limit=5, after=None)
    failed, _ = await world.queries.batches_as_of(USER, NOON, status=BatchStatus.FAILED, limit=5, after=None)
    assert ([job.batch_id for job in pending], list(failed)) == ([batch_id], [])


async def test_one_answer_folds_a_bounded_number_of_batches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.queries.FOLDED_AT_ONCE", 1)
    monkeypatch.setattr("application.queries.FOLDED_AT_MOST", 2)
    oldest = await finished(world, reports=1)
    for _ in range(3):
        await submitted(world, reports=1)
    pages = await page_by_page(world, as_of=True, status=BatchStatus.COMPLETED, limit=5)
    assert [[job.batch_id for job in page] for page in pages] == [[], [oldest], []]


async def test_the_submission_is_read_even_if_a_later_event_is_damaged(world: World) -> None:
    batch_id = await started(world)
    edit_event(world, batch_id, 2, data={})
    assert (await world.queries.submitted(USER, batch_id)).hash == world.storage.state.events[batch_id][0].hash
    with pytest.raises(BatchNotFound):
        await world.queries.submitted(STRANGER, batch_id)


async def test_reports_are_read_by_their_owner_alone(world: World) -> None:
    older, newer = await uploaded(world.storage, USER, 2)
    await uploaded(world.storage, STRANGER)
    assert (await world.queries.report(USER, older)).report_id == older
    listed = await world.queries.reports(USER, limit=5, after=None)
    assert [report.report_id for report in listed] == [newer, older]
    for user_id, named in ((STRANGER, older), (USER, new_id())):
        with pytest.raises(ReportNotFound):
            await world.queries.report(user_id, named)
        with pytest.raises(ReportNotFound):
            await world.queries.analysis(user_id, named)


async def test_an_analysis_is_ready_once_its_batch_recorded_it(world: World) -> None:
    (waiting,) = await uploaded(world.storage, USER)
    with pytest.raises(AnalysisNotReady):
        await world.queries.analysis(USER, waiting)
    batch_id = await finished(world, reports=1)
    job = world.storage.state.jobs[batch_id]
    assert await world.queries.analysis(USER, job.report_ids[0]) == (job.results[0].analysis_id, ANALYSIS)
