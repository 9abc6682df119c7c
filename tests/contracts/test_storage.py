"""What every storage promises, whatever it is made of."""

from datetime import timedelta
from uuid import UUID

import pytest

from application.errors import IdempotencyKeyReused, ReportsClaimed, ReportUnreadable, WrongExpectedVersion
from application.ports.read_model import PageAfter
from application.ports.storage import Storage
from application.read_model import BatchJob, ReportResult
from domain.failures import FailureCode
from domain.statuses import BatchStatus, ReportStatus
from tests.build import ANALYSIS, NOON, job, new_id, pieces, report, stream_of, uploaded

USER, STRANGER = UUID(int=1), UUID(int=2)


class TestEventStore:
    async def test_what_was_appended_is_read_back_as_it_was_written(self, storage: Storage) -> None:
        stream = stream_of("Submitted", "Started")
        async with storage.transaction() as tx:
            assert await tx.events.append([stream]) == [None]
        async with storage.transaction() as tx:
            read = await tx.events.read(stream[0].batch_id)
        assert list(read) == stream
        assert [event.computed_hash() for event in read] == [event.hash for event in read]

    async def test_an_unknown_batch_has_no_events(self, storage: Storage) -> None:
        async with storage.transaction() as tx:
            assert list(await tx.events.read(new_id())) == []

    async def test_a_wrong_expected_version_is_told_and_leaves_nothing(self, storage: Storage) -> None:
        stream = stream_of("Submitted", "Started")
        late, early = stream_of("Started", after=stream[0]), stream_of("Started", "Started", after=stream[1])[1:]
        async with storage.transaction() as tx:
            await tx.events.append([stream])
        for wrong, expected in ((late, 1), (early, 3)):
            async with storage.transaction() as tx:
                (refused,) = await tx.events.append([wrong])
            assert isinstance(refused, WrongExpectedVersion)
            assert refused.expected_version == expected
        async with storage.transaction() as tx:
            assert len(await tx.events.read(stream[0].batch_id)) == 2

    async def test_nothing_can_be_appended_after_finished(self, storage: Storage) -> None:
        stream = stream_of("Submitted", "Started", "Finished")
        async with storage.transaction() as tx:
            await tx.events.append([stream])
            (refused,) = await tx.events.append([stream_of("Started", after=stream[-1])])
        assert isinstance(refused, WrongExpectedVersion)

    async def test_appends_of_several_batches_succeed_or_fail_each_by_itself(self, storage: Storage) -> None:
        first, second, third = (stream_of("Submitted", "Started") for _ in range(3))
        async with storage.transaction() as tx:
            await tx.events.append([second[:1]])
        async with storage.transaction() as tx:
            results = await tx.events.append([first, second, third])
        assert [result is None for result in results] == [True, False, True]
        async with storage.transaction() as tx:
            lengths = [len(await tx.events.read(stream[0].batch_id)) for stream in (first, second, third)]
        assert lengths == [2, 1, 2]


class TestTransaction:
    async def test_what_fails_leaves_nothing(self, storage: Storage) -> None:
        stream = stream_of("Submitted")
        mine = report(USER)
        with pytest.raises(ZeroDivisionError):
            async with storage.transaction() as tx:
                await tx.events.append([stream])
                await tx.reports.add(mine, pieces(b"text"))
                await tx.queue.enqueue(stream[0].batch_id)
                raise ZeroDivisionError
        async with storage.transaction() as tx:
            assert list(await tx.events.read(stream[0].batch_id)) == []
            assert await tx.reports.get(mine.report_id) is None


class TestBatchJobs:
    async def test_a_row_is_read_back_as_it_was_saved(self, storage: Storage) -> None:
        (report_id,) = await uploaded(storage, USER)
        result = ReportResult(report_id=report_id, status="failed", analysis_id=None, errors=("X: because",))
        saved = job(report_id, user_id=USER, results=(result,), failed=1, processed_at=NOON, version=3)
        async with storage.transaction() as tx:
            await tx.batch_jobs.save(saved)
        async with storage.transaction() as tx:
            assert await tx.batch_jobs.get(saved.batch_id) == saved
            assert await tx.batch_jobs.get(new_id()) is None

    async def test_the_statuses_of_reports_follow(self, storage: Storage) -> None:
        one, two = await uploaded(storage, USER, 2)
        done = ReportResult(report_id=one, status="success", analysis_id=new_id(), errors=())
        running = job(one, two, user_id=USER, status=BatchStatus.PROCESSING, results=(done,), version=3)
        async with storage.transaction() as tx:
            await tx.batch_jobs.save(running)
            first, second = await tx.reports.get(one), await tx.reports.get(two)
        assert first is not None
        assert second is not None
        assert first.processing_status is ReportStatus.COMPLETED
        assert second.processing_status is ReportStatus.PROCESSING

    async def test_a_report_is_in_one_unfinished_batch_only(self, storage: Storage) -> None:
        (report_id,) = await uploaded(storage, USER)
        first, second = job(report_id, user_id=USER), job(report_id, user_id=USER)
        async with storage.transaction() as tx:
            await tx.batch_jobs.save(first)
        with pytest.raises(ReportsClaimed):
            async with storage.transaction() as tx:
                await tx.batch_jobs.save(second)
        async with storage.transaction() as tx:
            await tx.batch_jobs.save(
                job(report_id, user_id=USER, batch_id=first.batch_id, status=BatchStatus.FAILED, version=2)
            )
            await tx.batch_jobs.save(second)

    async def test_pages_are_the_users_own_newest_first_and_complete(self, storage: Storage) -> None:
        jobs = [job(user_id=USER, created_at=NOON + timedelta(hours=hour // 2)) for hour in range(5)]
        async with storage.transaction() as tx:
            for each in [*jobs, job(user_id=STRANGER)]:
                await tx.batch_jobs.save(each)
        newest_first = sorted(jobs, key=lambda each: (each.created_at, each.batch_id), reverse=True)
        read: list[BatchJob] = []
        after: PageAfter | None = None
        async with storage.transaction() as tx:
            while page := await tx.batch_jobs.page(USER, status=None, limit=2, after=after):
                read += page
                after = PageAfter(created_at=page[-1].created_at, batch_id=page[-1].batch_id)
        assert read == newest_first

    async def test_active_batches_are_the_unfinished_ones_of_the_user(self, storage: Storage) -> None:
        async with storage.transaction() as tx:
            for user, status in [
                (USER, BatchStatus.PENDING),
                (USER, BatchStatus.PROCESSING),
                (USER, BatchStatus.COMPLETED),
                (STRANGER, BatchStatus.PENDING),
            ]:
                await tx.batch_jobs.save(job(user_id=user, status=status))
            assert await tx.batch_jobs.count_active(USER) == 2
            done = await tx.batch_jobs.page(USER, status=BatchStatus.COMPLETED, limit=10, after=None)
        assert [each.status for each in done] == [BatchStatus.COMPLETED]


class TestReports:
    async def test_content_comes_back_whole_whatever_the_pieces(self, storage: Storage) -> None:
        mine = report(USER)
        async with storage.transaction() as tx:
            await tx.reports.add(mine, pieces(b"a" * 10, b"b", b"\x00\xff"))
        async with storage.transaction() as tx:
            assert await tx.reports.content(mine.report_id) == b"a" * 10 + b"b\x00\xff"
            assert await tx.reports.get(mine.report_id) == mine
            assert await tx.reports.content(new_id()) is None

    async def test_pages_are_the_users_own_newest_first(self, storage: Storage) -> None:
        ids = list(await uploaded(storage, USER, 3))
        await uploaded(storage, STRANGER)
        async with storage.transaction() as tx:
            first = await tx.reports.page(USER, limit=2, after=None)
            second = await tx.reports.page(USER, limit=2, after=first[-1].report_id)
        assert [each.report_id for each in [*first, *second]] == sorted(ids, reverse=True)

    async def test_what_is_known_of_reports(self, storage: Storage) -> None:
        free, busy, analysed = await uploaded(storage, USER, 3)
        (foreign,) = await uploaded(storage, STRANGER)
        async with storage.transaction() as tx:
            await tx.batch_jobs.save(job(busy, user_id=USER))
            await tx.reports.add_analysis(
                analysis_id=new_id(), report_id=analysed, batch_id=new_id(), analysis=ANALYSIS, at=NOON
            )
            known = await tx.reports.known(USER, [free, busy, analysed, foreign, new_id()])
        assert known.available == {free, busy, analysed}
        assert known.busy == {busy}
        assert known.analysed == {analysed}

    async def test_the_latest_analysis_is_given(self, storage: Storage) -> None:
        (report_id,) = await uploaded(storage, USER)
        earlier, later = new_id(), new_id()
        async with storage.transaction() as tx:
            assert await tx.reports.latest_analysis(report_id) is None
            for analysis_id in (later, earlier):
                await tx.reports.add_analysis(
                    analysis_id=analysis_id, report_id=report_id, batch_id=new_id(), analysis=ANALYSIS, at=NOON
                )
            assert await tx.reports.latest_analysis(report_id) == (later, ANALYSIS)

    async def test_a_deleted_report_takes_no_analysis(self, storage: Storage) -> None:
        with pytest.raises(ReportUnreadable) as missing:
            async with storage.transaction() as tx:
                await tx.reports.add_analysis(
                    analysis_id=new_id(), report_id=new_id(), batch_id=new_id(), analysis=ANALYSIS, at=NOON
                )
        assert missing.value.code is FailureCode.REPORT_MISSING


class TestIdempotencyKeys:
    async def test_a_key_leads_to_the_batch_it_led_to_before(self, storage: Storage) -> None:
        batch_id, asked = new_id(), bytes(32)
        async with storage.transaction() as tx:
            assert await tx.submissions.claim_key(USER, "k", asked) is None
            await tx.submissions.remember_key(USER, "k", asked, batch_id)
        async with storage.transaction() as tx:
            assert await tx.submissions.claim_key(USER, "k", asked) == batch_id
            assert await tx.submissions.claim_key(STRANGER, "k", asked) is None
            with pytest.raises(IdempotencyKeyReused):
                await tx.submissions.claim_key(USER, "k", bytes([1]) * 32)
