"""The contract of AuditSource: each batch as the log, the tree and the read model hold it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from application.audit.ports.audit_source import AuditSource
from application.audit.ports.sealed_log import SealedLog
from application.log import StoredEvent, instant, with_hash
from application.operations.ports.storage import OperatorStorage
from application.operator_actions import ActionKind
from domain.statuses import ReportStatus
from tests.contracts.given import action, append, record, seal_all, seal_leaves, unsealed
from tests.support.builders import NOON, batch_job, new_id, stream_of, uploaded_reports

USER, STRANGER = UUID(int=1), UUID(int=2)


def submitted(*report_ids: UUID, user_id: UUID = USER, batch_id: UUID | None = None) -> StoredEvent:
    (plain,) = stream_of("Submitted", batch_id=batch_id)
    return with_hash(replace(plain, data={"user_id": str(user_id), "report_ids": list(map(str, report_ids))}))


async def test_an_unknown_batch_has_neither_events_nor_a_row(audit_source: AuditSource) -> None:
    audited = await audit_source.batch(batch_id := new_id())
    assert (audited.batch_id, list(audited.events), audited.job) == (batch_id, [], None)
    assert (audited.unreadable, audited.busy, audited.erased, audited.archived) == (None, set(), False, False)


async def test_events_stand_beside_their_leaves(
    operator_storage: OperatorStorage, audit_source: AuditSource, sealed_log: SealedLog
) -> None:
    stream = stream_of("Submitted", "Started")
    await append(operator_storage, stream)
    await seal_all(sealed_log, limit=1)
    audited = await audit_source.batch(stream[0].batch_id)
    assert list(audited.events) == stream
    assert dict(audited.leaves) == {1: stream[0].hash}
    assert audited.inserted_behind_checkpoint == audited.from_unstarted_transaction == set()


async def test_an_event_that_a_later_checkpoint_left_out_was_inserted_behind_it(
    operator_storage: OperatorStorage, audit_source: AuditSource, sealed_log: SealedLog
) -> None:
    stream = stream_of("Submitted", "Started")
    await append(operator_storage, stream)
    async with sealed_log.sealing() as seal:
        assert seal is not None
        (_, second) = await seal.unsealed(2)
    await seal_leaves(sealed_log, [second])
    audited = await audit_source.batch(stream[0].batch_id)
    assert audited.inserted_behind_checkpoint == {1}
    assert dict(audited.leaves) == {2: stream[1].hash}


async def test_the_row_stands_beside_the_reports_that_it_reserves(
    operator_storage: OperatorStorage, audit_source: AuditSource
) -> None:
    report_ids = await uploaded_reports(operator_storage, USER, 2)
    row = batch_job(*report_ids, user_id=USER)
    async with operator_storage.transaction() as tx:
        await tx.batch_jobs.save(row)
    audited = await audit_source.batch(row.batch_id)
    assert (audited.job, audited.busy) == (row, set(report_ids))


async def test_statuses_of_reports_belong_to_their_latest_batch(
    operator_storage: OperatorStorage, audit_source: AuditSource
) -> None:
    shared, own = await uploaded_reports(operator_storage, USER, 2)
    earlier, later = submitted(shared, own, new_id()), submitted(shared)
    await append(operator_storage, [earlier])
    await append(operator_storage, [later])
    assert dict((await audit_source.batch(earlier.batch_id)).report_statuses) == {own: ReportStatus.PENDING}
    assert dict((await audit_source.batch(later.batch_id)).report_statuses) == {shared: ReportStatus.PENDING}


async def test_the_latest_clean_up_counts(operator_storage: OperatorStorage, audit_source: AuditSource) -> None:
    batch_id = new_id()
    assert (await audit_source.batch(batch_id)).cleaned_before is None
    for day in (2, 3, 1):
        before = datetime(2026, 1, day, tzinfo=UTC)
        await record(operator_storage, action(ActionKind.CLEANUP, {"before": instant(before), "rows": 1}))
    assert (await audit_source.batch(batch_id)).cleaned_before == datetime(2026, 1, 3, tzinfo=UTC)


async def test_an_erasure_counts_for_the_batches_of_its_user_that_it_names(
    operator_storage: OperatorStorage, audit_source: AuditSource
) -> None:
    named, not_named, foreign = submitted(), submitted(), submitted(user_id=STRANGER)
    await append(operator_storage, [named], [not_named], [foreign])
    data = {"user_id": str(USER), "batch_ids": [str(named.batch_id), str(foreign.batch_id)]}
    await record(operator_storage, action(ActionKind.ERASE, data))
    erased = [(await audit_source.batch(each.batch_id)).erased for each in (named, not_named, foreign)]
    assert erased == [True, False, False]


async def test_an_archive_counts_for_the_batches_below_its_bound(
    operator_storage: OperatorStorage, audit_source: AuditSource
) -> None:
    below, bound = new_id(), new_id()
    data = {"before": str(bound), "size": 7, "events": 5, "sha256": "00"}
    await record(operator_storage, action(ActionKind.ARCHIVE, data))
    assert [(await audit_source.batch(batch_id)).archived for batch_id in (below, bound)] == [True, False]


async def test_every_batch_that_log_tree_or_read_model_knows_is_read_once_by_id(
    operator_storage: OperatorStorage, audit_source: AuditSource, sealed_log: SealedLog
) -> None:
    in_the_tree, in_the_log, in_the_read_model = new_id(), new_id(), new_id()
    (missing,) = stream_of("Submitted", batch_id=in_the_tree)
    await seal_leaves(sealed_log, [unsealed(missing)])
    await append(operator_storage, stream_of("Submitted", "Started", batch_id=in_the_log))
    async with operator_storage.transaction() as tx:
        await tx.batch_jobs.save(batch_job(user_id=USER, batch_id=in_the_read_model))
        await tx.batch_jobs.save(batch_job(user_id=USER, batch_id=in_the_log, created_at=NOON + timedelta(hours=1)))
    expected = [in_the_tree, in_the_log, in_the_read_model]
    assert [each.batch_id async for each in audit_source.batches()] == expected
    assert [each.batch_id async for each in audit_source.batches(page=1)] == expected
    assert [each.batch_id async for each in audit_source.batches(after=in_the_log)] == [in_the_read_model]
    assert await audit_source.count() == 1
