"""The contract of BatchJobs."""

from datetime import timedelta
from uuid import UUID

import pytest

from application.errors import ReportsTaken
from application.ports.read_model import PageAfter
from application.ports.storage import Storage
from application.read_model import BatchJob, ReportResult
from domain.statuses import BatchStatus, ReportStatus
from tests.support.builders import NOON, batch_job, new_id, uploaded_reports

USER, STRANGER = UUID(int=1), UUID(int=2)


async def test_a_row_is_read_back_as_it_was_saved(storage: Storage) -> None:
    (report_id,) = await uploaded_reports(storage, USER)
    result = ReportResult(report_id=report_id, status="failed", analysis_id=None, errors=("X: because",))
    saved = batch_job(report_id, user_id=USER, results=(result,), failed=1, processed_at=NOON, version=3)
    async with storage.transaction() as tx:
        await tx.batch_jobs.save(saved)
    async with storage.transaction() as tx:
        assert await tx.batch_jobs.get(saved.batch_id) == saved
        assert await tx.batch_jobs.get(new_id()) is None


async def test_saving_a_row_sets_the_statuses_of_its_reports(storage: Storage) -> None:
    one, two = await uploaded_reports(storage, USER, 2)
    done = ReportResult(report_id=one, status="success", analysis_id=new_id(), errors=())
    running = batch_job(one, two, user_id=USER, status=BatchStatus.PROCESSING, results=(done,), version=3)
    async with storage.transaction() as tx:
        await tx.batch_jobs.save(running)
        first, second = await tx.reports.get(one), await tx.reports.get(two)
    assert first is not None
    assert second is not None
    assert first.processing_status is ReportStatus.COMPLETED
    assert second.processing_status is ReportStatus.PROCESSING


async def test_a_report_is_in_one_unfinished_batch_only(storage: Storage) -> None:
    (report_id,) = await uploaded_reports(storage, USER)
    first, second = batch_job(report_id, user_id=USER), batch_job(report_id, user_id=USER)
    async with storage.transaction() as tx:
        await tx.batch_jobs.save(first)
    with pytest.raises(ReportsTaken):
        async with storage.transaction() as tx:
            await tx.batch_jobs.save(second)
    async with storage.transaction() as tx:
        await tx.batch_jobs.save(
            batch_job(report_id, user_id=USER, batch_id=first.batch_id, status=BatchStatus.FAILED, version=2)
        )
        await tx.batch_jobs.save(second)


async def test_pages_hold_every_batch_of_the_user_newest_first(storage: Storage) -> None:
    jobs = [batch_job(user_id=USER, created_at=NOON + timedelta(hours=hour // 2)) for hour in range(5)]
    async with storage.transaction() as tx:
        for each in [*jobs, batch_job(user_id=STRANGER)]:
            await tx.batch_jobs.save(each)
    newest_first = sorted(jobs, key=lambda each: (each.created_at, each.batch_id), reverse=True)
    read: list[BatchJob] = []
    after: PageAfter | None = None
    async with storage.transaction() as tx:
        while page := await tx.batch_jobs.page(USER, status=None, limit=2, after=after):
            read += page
            after = PageAfter(created_at=page[-1].created_at, batch_id=page[-1].batch_id)
    assert read == newest_first


async def test_a_page_can_be_limited_to_one_status(storage: Storage) -> None:
    failed = batch_job(user_id=USER, status=BatchStatus.FAILED)
    async with storage.transaction() as tx:
        for each in (failed, batch_job(user_id=USER)):
            await tx.batch_jobs.save(each)
        page = await tx.batch_jobs.page(USER, status=BatchStatus.FAILED, limit=2, after=None)
    assert list(page) == [failed]


async def test_active_batches_are_the_unfinished_ones_of_the_user(storage: Storage) -> None:
    async with storage.transaction() as tx:
        for user, status in [
            (USER, BatchStatus.PENDING),
            (USER, BatchStatus.PROCESSING),
            (USER, BatchStatus.COMPLETED),
            (STRANGER, BatchStatus.PENDING),
        ]:
            await tx.batch_jobs.save(batch_job(user_id=user, status=status))
        assert await tx.batch_jobs.count_active(USER) == 2
