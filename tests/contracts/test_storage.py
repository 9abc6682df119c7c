"""What every storage promises, whatever it is made of."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from application.errors import IdempotencyKeyReused, ReportsTaken, ReportUnreadable, WrongExpectedVersion
from application.log import with_hash
from application.operations.ports.storage import OperatorStorage
from application.ports.read_model import PageAfter
from application.ports.storage import Storage
from application.read_model import BatchJob, ReportResult
from domain.failures import FailureCode
from domain.statuses import BatchStatus, ReportStatus
from tests.support.builders import ANALYSIS, NOON, batch_job, chunks, new_id, report_of, stream_of, uploaded_reports

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

    async def test_several_streams_are_read_at_once(self, storage: Storage) -> None:
        first, second = stream_of("Submitted", "Started"), stream_of("Submitted")
        unknown = new_id()
        async with storage.transaction() as tx:
            await tx.events.append([first, second])
        async with storage.transaction() as tx:
            found = await tx.events.streams([second[0].batch_id, first[0].batch_id, unknown])
        assert {key: list(stream) for key, stream in found.items()} == {
            first[0].batch_id: first,
            second[0].batch_id: second,
            unknown: [],
        }

    async def test_the_log_is_read_in_the_order_of_commits_from_any_place(self, storage: Storage) -> None:
        first, second = stream_of("Submitted", "Started"), stream_of("Submitted")
        async with storage.transaction() as tx:
            await tx.events.append([first])
        async with storage.transaction() as tx:
            await tx.events.append([second, stream_of("ReportSucceeded", after=first[-1])])
        async with storage.transaction() as tx:
            whole = await tx.events.log((0, 0), 10)
            rest = await tx.events.log(whole[1][0], 10)
            one = await tx.events.log(whole[0][0], 1)
        assert [event for _, event in whole[:3]] == [*first, *second]
        assert [list(found) for found in (rest, one)] == [list(whole[2:]), list(whole[1:2])]
        assert [place for place, _ in whole] == sorted({place for place, _ in whole})

    async def test_who_submitted_what_and_when(self, storage: Storage) -> None:
        async def submit(user_id: UUID, hour: int) -> PageAfter:
            (plain,) = stream_of("Submitted")
            at = NOON + timedelta(hours=hour)
            event = with_hash(replace(plain, data={"user_id": str(user_id)}, recorded_at=at))
            async with storage.transaction() as tx:
                await tx.events.append([[event]])
            return PageAfter(created_at=at, batch_id=event.batch_id)

        own = [await submit(USER, hour) for hour in (0, 1, 1, 2)]
        await submit(STRANGER, 1)
        newest_first = sorted(own, key=lambda each: (each.created_at, each.batch_id), reverse=True)
        async with storage.transaction() as tx:
            read = await tx.events.submitted(USER, until=None, after=None, limit=10)
            until = await tx.events.submitted(USER, until=NOON + timedelta(hours=1), after=None, limit=10)
            after = await tx.events.submitted(USER, until=None, after=newest_first[1], limit=1)
        assert list(read) == newest_first
        assert list(until) == newest_first[1:]
        assert list(after) == newest_first[2:3]


class TestTransaction:
    async def test_what_fails_leaves_nothing(self, storage: Storage) -> None:
        stream = stream_of("Submitted")
        mine = report_of(USER)
        with pytest.raises(ZeroDivisionError):
            async with storage.transaction() as tx:
                await tx.events.append([stream])
                await tx.reports.add(mine, chunks(b"text"))
                await tx.queue.enqueue(stream[0].batch_id)
                raise ZeroDivisionError
        async with storage.transaction() as tx:
            assert list(await tx.events.read(stream[0].batch_id)) == []
            assert await tx.reports.get(mine.report_id) is None


class TestBatchJobs:
    async def test_a_row_is_read_back_as_it_was_saved(self, storage: Storage) -> None:
        (report_id,) = await uploaded_reports(storage, USER)
        result = ReportResult(report_id=report_id, status="failed", analysis_id=None, errors=("X: because",))
        saved = batch_job(report_id, user_id=USER, results=(result,), failed=1, processed_at=NOON, version=3)
        async with storage.transaction() as tx:
            await tx.batch_jobs.save(saved)
        async with storage.transaction() as tx:
            assert await tx.batch_jobs.get(saved.batch_id) == saved
            assert await tx.batch_jobs.get(new_id()) is None

    async def test_the_statuses_of_reports_follow(self, storage: Storage) -> None:
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

    async def test_a_report_is_in_one_unfinished_batch_only(self, storage: Storage) -> None:
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

    async def test_pages_are_the_users_own_newest_first_and_complete(self, storage: Storage) -> None:
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

    async def test_active_batches_are_the_unfinished_ones_of_the_user(self, storage: Storage) -> None:
        async with storage.transaction() as tx:
            for user, status in [
                (USER, BatchStatus.PENDING),
                (USER, BatchStatus.PROCESSING),
                (USER, BatchStatus.COMPLETED),
                (STRANGER, BatchStatus.PENDING),
            ]:
                await tx.batch_jobs.save(batch_job(user_id=user, status=status))
            assert await tx.batch_jobs.count_active(USER) == 2
            done = await tx.batch_jobs.page(USER, status=BatchStatus.COMPLETED, limit=10, after=None)
        assert [each.status for each in done] == [BatchStatus.COMPLETED]


class TestBatchJobsRepair:
    async def test_a_row_is_restored_whatever_stands_there(self, operator_storage: OperatorStorage) -> None:
        report_id, other = await uploaded_reports(operator_storage, USER, 2)
        submitted = with_hash(
            replace(stream_of("Submitted")[0], data={"report_ids": [str(report_id)], "user_id": str(USER)})
        )
        right = batch_job(
            report_id, user_id=USER, batch_id=submitted.batch_id, status=BatchStatus.PROCESSING, version=2
        )
        async with operator_storage.transaction() as tx:
            await tx.events.append([[submitted]])
            await tx.batch_jobs.save(replace(right, version=1))
        async with operator_storage.transaction() as tx:
            await tx.batch_jobs.save(replace(right, status=BatchStatus.FAILED, report_ids=(other,), version=99))
        async with operator_storage.transaction() as tx:
            await tx.repair.hold(right)
            await tx.repair.restore(right)
        async with operator_storage.transaction() as tx:
            assert await tx.batch_jobs.get(right.batch_id) == right
            restored = await tx.reports.get(report_id)
            known = await tx.reports.known(USER, [report_id, other])
        assert restored is not None
        assert restored.processing_status is ReportStatus.PROCESSING
        assert known.busy == {report_id}

    async def test_a_missing_row_is_made_and_a_wrong_one_removed(self, operator_storage: OperatorStorage) -> None:
        (report_id,) = await uploaded_reports(operator_storage, USER)
        made, wrong = batch_job(user_id=USER), batch_job(report_id, user_id=USER)
        async with operator_storage.transaction() as tx:
            await tx.batch_jobs.save(wrong)
        async with operator_storage.transaction() as tx:
            await tx.repair.keep_erasure_out()
            await tx.repair.hold(made)
            await tx.repair.restore(made)
            await tx.repair.remove(wrong.batch_id)
            await tx.repair.remove(new_id())
        async with operator_storage.transaction() as tx:
            assert await tx.batch_jobs.get(made.batch_id) == made
            assert await tx.batch_jobs.get(wrong.batch_id) is None
            assert (await tx.reports.known(USER, [report_id])).busy == set()

    async def test_finished_batches_leave_some_at_a_time(self, operator_storage: OperatorStorage) -> None:
        done = {"status": BatchStatus.COMPLETED, "processed_at": NOON}
        old = [batch_job(user_id=USER, **done) for _ in range(3)]
        young = batch_job(user_id=USER, **done | {"processed_at": NOON + timedelta(days=1)})
        unfinished = batch_job(user_id=USER, processed_at=NOON, status=BatchStatus.PROCESSING)
        async with operator_storage.transaction() as tx:
            for each in [*old, young, unfinished]:
                await tx.batch_jobs.save(each)
        before = NOON + timedelta(hours=1)
        async with operator_storage.transaction() as tx:
            assert await tx.repair.count_processed(before) == 3
            assert await tx.repair.remove_processed(before, 2) == 2
            assert await tx.repair.remove_processed(before, 2) == 1
            assert await tx.repair.remove_processed(before, 2) == 0
            left = await tx.batch_jobs.page(USER, status=None, limit=10, after=None)
        assert {each.batch_id for each in left} == {young.batch_id, unfinished.batch_id}


class TestErasure:
    async def test_all_that_a_user_brought_in_goes_and_nothing_of_others(
        self, operator_storage: OperatorStorage
    ) -> None:
        mine, theirs = (
            await uploaded_reports(operator_storage, USER, 2),
            await uploaded_reports(operator_storage, STRANGER),
        )
        known, stray = batch_job(user_id=USER), batch_job(user_id=USER)
        async with operator_storage.transaction() as tx:
            await tx.events.append([stream_of("Submitted", batch_id=known.batch_id)])
            for each in (known, stray, batch_job(user_id=STRANGER)):
                await tx.batch_jobs.save(each)
            for user in (USER, STRANGER):
                await tx.submissions.remember_key(user, "k", bytes(32), new_id())
            for report_id in (mine[0], *theirs):
                await tx.reports.add_analysis(
                    analysis_id=new_id(), report_id=report_id, batch_id=new_id(), analysis=ANALYSIS, at=NOON
                )
        async with operator_storage.transaction() as tx:
            await tx.user_data.lock_erasure()
            assert await tx.user_data.remove_rows([known.batch_id]) == 1
            assert await tx.batch_jobs.get(stray.batch_id) is not None
        async with operator_storage.transaction() as tx:
            while await tx.user_data.remove_some_content(USER):
                pass
            assert await tx.reports.content(mine[0]) is None
            assert await tx.user_data.remove_some_reports(USER) == (2, False)
            assert await tx.user_data.remove_some_reports(USER) == (0, False)
        async with operator_storage.transaction() as tx:
            assert list(await tx.reports.page(USER, limit=10, after=None)) == []
            assert await tx.reports.latest_analysis(mine[0]) is None
            assert await tx.submissions.claim_key(USER, "k", bytes([1]) * 32) is None
            assert await tx.batch_jobs.count_active(USER) == 0
            assert await tx.batch_jobs.count_active(STRANGER) == 1
            assert await tx.reports.latest_analysis(theirs[0]) is not None
            assert await tx.reports.content(theirs[0])


class TestQueue:
    async def test_a_batch_waits_and_can_be_dispatched_again(self, storage: Storage) -> None:
        batch_id = new_id()
        async with storage.transaction() as tx:
            assert await tx.queue.entry(batch_id) is None
            await tx.queue.enqueue(batch_id)
            await tx.queue.enqueue(batch_id)
        for _ in range(2):
            async with storage.transaction() as tx:
                entry = await tx.queue.entry(batch_id)
                assert entry is not None
                assert entry.holder is None
                await tx.queue.redispatch(batch_id)


class TestReports:
    async def test_content_comes_back_whole_whatever_the_pieces(self, storage: Storage) -> None:
        mine = report_of(USER)
        async with storage.transaction() as tx:
            await tx.reports.add(mine, chunks(b"a" * 10, b"b", b"\x00\xff"))
        async with storage.transaction() as tx:
            assert await tx.reports.content(mine.report_id) == b"a" * 10 + b"b\x00\xff"
            assert await tx.reports.get(mine.report_id) == mine
            assert await tx.reports.content(new_id()) is None

    async def test_pages_are_the_users_own_newest_first(self, storage: Storage) -> None:
        ids = list(await uploaded_reports(storage, USER, 3))
        await uploaded_reports(storage, STRANGER)
        async with storage.transaction() as tx:
            first = await tx.reports.page(USER, limit=2, after=None)
            second = await tx.reports.page(USER, limit=2, after=first[-1].report_id)
        assert [each.report_id for each in [*first, *second]] == sorted(ids, reverse=True)

    async def test_what_is_known_of_reports(self, storage: Storage) -> None:
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

    async def test_the_latest_analysis_is_given(self, storage: Storage) -> None:
        (report_id,) = await uploaded_reports(storage, USER)
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
