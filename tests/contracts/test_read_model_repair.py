"""The contract of ReadModelRepair."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from application.log import with_hash
from application.operations.ports.storage import OperatorStorage
from application.read_model import BatchJob, ReportResult
from domain.statuses import BatchStatus, ReportStatus
from tests.support.builders import NOON, batch_job, new_id, stream_of, uploaded_reports

USER = UUID(int=1)
BEFORE = NOON + timedelta(hours=1)


async def submitted(storage: OperatorStorage, *report_ids: UUID) -> BatchJob:
    """Return the row of a batch that the log holds; the row is not saved."""
    row = batch_job(*report_ids, user_id=USER)
    (plain,) = stream_of("Submitted", batch_id=row.batch_id)
    event = with_hash(replace(plain, data={"report_ids": [str(report_id) for report_id in report_ids]}))
    async with storage.transaction() as tx:
        await tx.events.append([[event]])
    return row


async def statuses(storage: OperatorStorage, *report_ids: UUID) -> list[ReportStatus]:
    async with storage.transaction() as tx:
        reports = [await tx.reports.get(report_id) for report_id in report_ids]
    return [report.processing_status for report in reports if report]


async def test_a_wrong_row_is_overwritten_with_its_statuses_and_reservations(
    operator_storage: OperatorStorage,
) -> None:
    report_id, other = await uploaded_reports(operator_storage, USER, 2)
    pending = await submitted(operator_storage, report_id)
    right = replace(pending, status=BatchStatus.PROCESSING, version=2)
    async with operator_storage.transaction() as tx:
        await tx.batch_jobs.save(replace(right, status=BatchStatus.FAILED, report_ids=(other,), version=99))
    async with operator_storage.transaction() as tx:
        await tx.repair.lock(right.batch_id)
        await tx.repair.hold(right)
        await tx.repair.restore(right)
    async with operator_storage.transaction() as tx:
        assert await tx.batch_jobs.get(right.batch_id) == right
        known = await tx.reports.known(USER, [report_id, other])
    assert await statuses(operator_storage, report_id) == [ReportStatus.PROCESSING]
    assert known.busy == {report_id}


async def test_a_missing_row_is_made(operator_storage: OperatorStorage) -> None:
    made = batch_job(user_id=USER)
    async with operator_storage.transaction() as tx:
        await tx.repair.keep_erasure_out()
        await tx.repair.hold(made)
        await tx.repair.restore(made)
    async with operator_storage.transaction() as tx:
        assert await tx.batch_jobs.get(made.batch_id) == made


async def test_holding_a_row_that_is_there_changes_nothing(operator_storage: OperatorStorage) -> None:
    saved = batch_job(user_id=USER)
    async with operator_storage.transaction() as tx:
        await tx.batch_jobs.save(saved)
        await tx.repair.hold(replace(saved, failed=7))
        assert await tx.batch_jobs.get(saved.batch_id) == saved


async def test_a_row_is_removed_with_its_reservations(operator_storage: OperatorStorage) -> None:
    (report_id,) = await uploaded_reports(operator_storage, USER)
    wrong = batch_job(report_id, user_id=USER)
    async with operator_storage.transaction() as tx:
        await tx.batch_jobs.save(wrong)
    async with operator_storage.transaction() as tx:
        await tx.repair.remove(wrong.batch_id)
        await tx.repair.remove(new_id())
    async with operator_storage.transaction() as tx:
        assert await tx.batch_jobs.get(wrong.batch_id) is None
        assert (await tx.reports.known(USER, [report_id])).busy == set()


async def test_a_finished_row_gives_its_reservations_back(operator_storage: OperatorStorage) -> None:
    (report_id,) = await uploaded_reports(operator_storage, USER)
    pending = await submitted(operator_storage, report_id)
    async with operator_storage.transaction() as tx:
        await tx.batch_jobs.save(pending)
    async with operator_storage.transaction() as tx:
        await tx.repair.restore(replace(pending, status=BatchStatus.FAILED, version=3))
        assert (await tx.reports.known(USER, [report_id])).busy == set()


async def test_only_the_latest_batch_of_a_report_restores_its_status(operator_storage: OperatorStorage) -> None:
    shared, own = await uploaded_reports(operator_storage, USER, 2)
    earlier = await submitted(operator_storage, shared, own)
    await submitted(operator_storage, shared)
    results = tuple(
        ReportResult(report_id=report_id, status="failed", analysis_id=None, errors=("X: because",))
        for report_id in (shared, own)
    )
    failed = replace(earlier, status=BatchStatus.FAILED, results=results, failed=2, version=5)
    async with operator_storage.transaction() as tx:
        await tx.repair.restore_statuses(failed)
    assert await statuses(operator_storage, shared, own) == [ReportStatus.PENDING, ReportStatus.FAILED]


async def test_processed_batches_are_removed_in_bounded_numbers(operator_storage: OperatorStorage) -> None:
    done = {"status": BatchStatus.COMPLETED, "processed_at": NOON}
    old = [batch_job(user_id=USER, **done) for _ in range(3)]
    young = batch_job(user_id=USER, **done | {"processed_at": NOON + timedelta(days=1)})
    unfinished = batch_job(user_id=USER, processed_at=NOON, status=BatchStatus.PROCESSING)
    async with operator_storage.transaction() as tx:
        for each in [*old, young, unfinished]:
            await tx.batch_jobs.save(each)
    async with operator_storage.transaction() as tx:
        assert await tx.repair.count_processed(BEFORE) == 3
        assert [await tx.repair.remove_processed(BEFORE, 2) for _ in range(3)] == [2, 1, 0]
        left = await tx.batch_jobs.page(USER, status=None, limit=10, after=None)
    assert {each.batch_id for each in left} == {young.batch_id, unfinished.batch_id}


async def test_a_batch_that_the_log_has_not_finished_is_not_removed(operator_storage: OperatorStorage) -> None:
    running = await submitted(operator_storage)
    edited = replace(running, status=BatchStatus.COMPLETED, processed_at=NOON)
    async with operator_storage.transaction() as tx:
        await tx.batch_jobs.save(edited)
    async with operator_storage.transaction() as tx:
        assert await tx.repair.remove_processed(BEFORE, 2) == 0
