"""The contract of UserData."""

from uuid import UUID

from application.operations.ports.storage import OperatorStorage
from tests.support.builders import ANALYSIS, NOON, batch_job, new_id, stream_of, uploaded_reports

USER, STRANGER = UUID(int=1), UUID(int=2)


async def erase(storage: OperatorStorage, user_id: UUID) -> int:
    """Remove all content and all reports of the user; return the count of reports."""
    removed, more = 0, True
    while more:
        async with storage.transaction() as tx:
            await tx.user_data.wait_for_user(user_id)
            more = await tx.user_data.remove_some_content(user_id)
    more = True
    while more:
        async with storage.transaction() as tx:
            count, more = await tx.user_data.remove_some_reports(user_id)
            removed += count
    return removed


async def analysed(storage: OperatorStorage, report_id: UUID) -> None:
    async with storage.transaction() as tx:
        await tx.reports.add_analysis(
            analysis_id=new_id(), report_id=report_id, batch_id=new_id(), analysis=ANALYSIS, at=NOON
        )


async def test_reports_of_the_user_are_removed_with_content_and_analyses(operator_storage: OperatorStorage) -> None:
    mine = await uploaded_reports(operator_storage, USER, 2)
    await analysed(operator_storage, mine[0])
    assert await erase(operator_storage, USER) == 2
    async with operator_storage.transaction() as tx:
        assert list(await tx.reports.page(USER, limit=10, after=None)) == []
        assert await tx.reports.content(mine[0]) is None
        assert await tx.reports.latest_analysis(mine[0]) is None


async def test_data_of_another_user_stays(operator_storage: OperatorStorage) -> None:
    (theirs,) = await uploaded_reports(operator_storage, STRANGER)
    await analysed(operator_storage, theirs)
    batch_id = new_id()
    async with operator_storage.transaction() as tx:
        await tx.batch_jobs.save(batch_job(user_id=STRANGER))
        await tx.submissions.remember_key(STRANGER, "k", bytes(32), batch_id)
    assert await erase(operator_storage, USER) == 0
    async with operator_storage.transaction() as tx:
        assert await tx.reports.content(theirs)
        assert await tx.reports.latest_analysis(theirs) is not None
        assert await tx.batch_jobs.count_active(STRANGER) == 1
        assert await tx.submissions.claim_key(STRANGER, "k", bytes(32)) == batch_id


async def test_idempotency_keys_of_the_user_are_removed(operator_storage: OperatorStorage) -> None:
    async with operator_storage.transaction() as tx:
        await tx.submissions.remember_key(USER, "k", bytes(32), new_id())
    await erase(operator_storage, USER)
    async with operator_storage.transaction() as tx:
        assert await tx.submissions.claim_key(USER, "k", bytes([1]) * 32) is None


async def test_named_rows_are_removed_and_counted(operator_storage: OperatorStorage) -> None:
    named, other = batch_job(user_id=USER), batch_job(user_id=USER)
    async with operator_storage.transaction() as tx:
        for each in (named, other):
            await tx.batch_jobs.save(each)
    async with operator_storage.transaction() as tx:
        await tx.user_data.lock_erasure()
        assert await tx.user_data.remove_rows([named.batch_id, new_id()]) == 1
        assert await tx.batch_jobs.get(named.batch_id) is None
        assert await tx.batch_jobs.get(other.batch_id) == other


async def test_rows_that_bear_the_users_id_without_an_event_are_removed(operator_storage: OperatorStorage) -> None:
    stray = batch_job(user_id=USER)
    async with operator_storage.transaction() as tx:
        await tx.batch_jobs.save(stray)
    await erase(operator_storage, USER)
    async with operator_storage.transaction() as tx:
        assert await tx.batch_jobs.get(stray.batch_id) is None


async def test_rows_of_batches_that_another_user_submitted_are_removed(operator_storage: OperatorStorage) -> None:
    edited = batch_job(user_id=USER)
    async with operator_storage.transaction() as tx:
        await tx.events.append([stream_of("Submitted", batch_id=edited.batch_id)])
        await tx.batch_jobs.save(edited)
    await erase(operator_storage, USER)
    async with operator_storage.transaction() as tx:
        assert await tx.batch_jobs.get(edited.batch_id) is None
