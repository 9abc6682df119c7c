"""The contract of ShadowTables: rows are prepared aside, and replaced in one transaction."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from application.log import instant
from application.operations.ports.shadow_table import ShadowTables
from application.operations.ports.storage import OperatorStorage
from application.operator_actions import ActionKind
from application.read_model import BatchJob
from domain.statuses import BatchStatus
from tests.contracts.given import action, record
from tests.support.builders import NOON, batch_job, uploaded_reports

USER = UUID(int=1)
LONG_AGO = NOON - timedelta(days=30)


def finished(*report_ids: UUID, **changes: object) -> BatchJob:
    return batch_job(*report_ids, user_id=USER, **{"status": BatchStatus.FAILED, "processed_at": NOON} | changes)


async def save(storage: OperatorStorage, *jobs: BatchJob) -> None:
    async with storage.transaction() as tx:
        for each in jobs:
            await tx.batch_jobs.save(each)


async def row(storage: OperatorStorage, wanted: BatchJob) -> BatchJob | None:
    async with storage.transaction() as tx:
        return await tx.batch_jobs.get(wanted.batch_id)


async def swapped(tables: ShadowTables, *jobs: BatchJob) -> tuple[int, int]:
    """Add these rows to a shadow table and swap it in; return the counts of rows rewritten and added."""
    async with tables.open() as shadow:
        assert shadow is not None
        await shadow.add(jobs)
        async with shadow.swap(LONG_AGO) as (_, counts):
            return counts


async def test_rows_that_differ_are_rewritten_and_missing_rows_added(
    operator_storage: OperatorStorage, shadow_tables: ShadowTables
) -> None:
    same, wrong, missing = finished(), finished(failed=7), finished()
    await save(operator_storage, same, wrong)
    right = replace(wrong, failed=1)
    assert await swapped(shadow_tables, same, right, missing) == (1, 1)
    assert [await row(operator_storage, each) for each in (same, right, missing)] == [same, right, missing]


async def test_an_empty_shadow_table_changes_nothing(
    operator_storage: OperatorStorage, shadow_tables: ShadowTables
) -> None:
    present = finished()
    await save(operator_storage, present)
    assert await swapped(shadow_tables) == (0, 0)
    assert await row(operator_storage, present) == present


async def test_rows_that_retention_removed_are_not_added(
    operator_storage: OperatorStorage, shadow_tables: ShadowTables
) -> None:
    await record(operator_storage, action(ActionKind.CLEANUP, {"before": instant(NOON), "rows": 1}))
    kept, cleaned = finished(processed_at=NOON), finished(processed_at=NOON - timedelta(seconds=1))
    old = finished(processed_at=LONG_AGO - timedelta(seconds=1))
    assert await swapped(shadow_tables, kept, cleaned, old) == (0, 1)
    assert [await row(operator_storage, each) for each in (kept, cleaned, old)] == [kept, None, None]


async def test_rows_of_erased_batches_are_not_added(
    operator_storage: OperatorStorage, shadow_tables: ShadowTables
) -> None:
    erased, other = finished(), finished()
    data = {"user_id": str(USER), "batch_ids": [str(erased.batch_id)]}
    await record(operator_storage, action(ActionKind.ERASE, data))
    assert await swapped(shadow_tables, erased, other) == (0, 1)
    assert await row(operator_storage, erased) is None


async def test_a_swap_releases_the_reports_of_its_batches(
    operator_storage: OperatorStorage, shadow_tables: ShadowTables
) -> None:
    mine, others = await uploaded_reports(operator_storage, USER, 2)
    stuck, running = batch_job(mine, user_id=USER), batch_job(others, user_id=USER)
    await save(operator_storage, stuck, running)
    await swapped(shadow_tables, replace(stuck, status=BatchStatus.FAILED, processed_at=NOON))
    async with operator_storage.transaction() as tx:
        assert (await tx.reports.known(USER, [mine, others])).busy == {others}


async def test_a_swap_that_fails_changes_nothing(
    operator_storage: OperatorStorage, shadow_tables: ShadowTables
) -> None:
    wrong = finished(failed=7)
    await save(operator_storage, wrong)
    with pytest.raises(ZeroDivisionError):
        async with shadow_tables.open() as shadow:
            assert shadow is not None
            await shadow.add([replace(wrong, failed=1)])
            async with shadow.swap(LONG_AGO):
                raise ZeroDivisionError
    assert await row(operator_storage, wrong) == wrong


async def test_the_transaction_of_a_swap_stores_what_is_written_in_it(
    operator_storage: OperatorStorage, shadow_tables: ShadowTables
) -> None:
    other = finished()
    async with shadow_tables.open() as shadow:
        assert shadow is not None
        async with shadow.swap(LONG_AGO) as (tx, _):
            await tx.batch_jobs.save(other)
    assert await row(operator_storage, other) == other


async def test_only_one_shadow_table_is_open_at_a_time(shadow_tables: ShadowTables) -> None:
    async with shadow_tables.open() as first, shadow_tables.open() as second:
        assert first is not None
        assert second is None
    async with shadow_tables.open() as again:
        assert again is not None


async def test_a_shadow_table_that_is_not_swapped_leaves_nothing(
    operator_storage: OperatorStorage, shadow_tables: ShadowTables
) -> None:
    new = finished()
    async with shadow_tables.open() as shadow:
        assert shadow is not None
        await shadow.add([new])
    assert await row(operator_storage, new) is None
    assert await swapped(shadow_tables) == (0, 0)
