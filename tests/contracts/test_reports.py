"""The contract of Reports."""

from uuid import UUID

import pytest

from application.errors import ReportUnreadable
from application.ports.storage import Storage
from domain.failures import FailureCode
from tests.support.builders import ANALYSIS, NOON, batch_job, chunks, new_id, report_of, uploaded_reports

USER, STRANGER = UUID(int=1), UUID(int=2)


async def test_a_report_and_its_content_are_read_back_as_they_were_added(storage: Storage) -> None:
    mine = report_of(USER)
    async with storage.transaction() as tx:
        await tx.reports.add(mine, chunks(b"a" * 10, b"b", b"\x00\xff"))
    async with storage.transaction() as tx:
        assert await tx.reports.content(mine.report_id) == b"a" * 10 + b"b\x00\xff"
        assert await tx.reports.get(mine.report_id) == mine


async def test_an_unknown_report_has_no_content(storage: Storage) -> None:
    async with storage.transaction() as tx:
        assert await tx.reports.get(new_id()) is None
        assert await tx.reports.content(new_id()) is None


async def test_pages_hold_the_reports_of_the_user_newest_first(storage: Storage) -> None:
    ids = list(await uploaded_reports(storage, USER, 3))
    await uploaded_reports(storage, STRANGER)
    async with storage.transaction() as tx:
        first = await tx.reports.page(USER, limit=2, after=None)
        second = await tx.reports.page(USER, limit=2, after=first[-1].report_id)
    assert [each.report_id for each in [*first, *second]] == sorted(ids, reverse=True)


async def test_requested_reports_are_sorted_into_available_busy_and_analysed(storage: Storage) -> None:
    free, busy, analysed = await uploaded_reports(storage, USER, 3)
    (foreign,) = await uploaded_reports(storage, STRANGER)
    async with storage.transaction() as tx:
        await tx.batch_jobs.save(batch_job(busy, user_id=USER))
        await tx.reports.add_analysis(
            analysis_id=new_id(), report_id=analysed, batch_id=new_id(), analysis=ANALYSIS, at=NOON
        )
        known = await tx.reports.known(USER, [free, busy, analysed, foreign, new_id()])
    assert known.available == {free, busy, analysed}
    assert known.busy == {busy}
    assert known.analysed == {analysed}


async def test_the_latest_analysis_is_the_one_with_the_highest_id(storage: Storage) -> None:
    (report_id,) = await uploaded_reports(storage, USER)
    earlier, later = new_id(), new_id()
    async with storage.transaction() as tx:
        assert await tx.reports.latest_analysis(report_id) is None
        for analysis_id in (later, earlier):
            await tx.reports.add_analysis(
                analysis_id=analysis_id, report_id=report_id, batch_id=new_id(), analysis=ANALYSIS, at=NOON
            )
        assert await tx.reports.latest_analysis(report_id) == (later, ANALYSIS)


async def test_an_analysis_of_a_deleted_report_is_refused(storage: Storage) -> None:
    with pytest.raises(ReportUnreadable) as missing:
        async with storage.transaction() as tx:
            await tx.reports.add_analysis(
                analysis_id=new_id(), report_id=new_id(), batch_id=new_id(), analysis=ANALYSIS, at=NOON
            )
    assert missing.value.code is FailureCode.REPORT_MISSING
