"""A rebuild computes the read model from the log again, from any state; it is recorded, and one runs at a time."""

import pytest

from application.operations.rebuild import RebuildRuns
from entrypoints.container import Container, Database
from tests.support.batches import (
    ATTRIBUTION,
    all_findings,
    clean_up,
    finished_batch,
    rebuild_everything,
    started_batch,
    submitted_batch,
)
from tests.support.database import execute_as_superuser, rows_of

DAMAGES = {
    "emptied": "TRUNCATE batch_jobs, busy_reports",
    "every column edited": "UPDATE batch_jobs SET user_id = gen_random_uuid(), status = 'FAILED', total_reports = 9, "
    "successful = 9, failed = 9, results = '[{\"x\": 1}]', report_ids = '{}', processed_at = now(), "
    "created_at = now(), updated_at = now(), version = 99",
    "statuses of reports edited": "UPDATE financial_reports SET processing_status = 'COMPLETED'",
    "reservations removed": "DELETE FROM busy_reports",
    "reservations of finished batches added": "INSERT INTO busy_reports SELECT report_id, batch_id FROM "
    "(SELECT gen_random_uuid() AS report_id, batch_id FROM batch_jobs WHERE status = 'FAILED') AS finished",
    "nothing": "SELECT",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_a_rebuild_from_any_state_gives_the_fold_of_the_log(
    container: Container, database: Database, damage: str
) -> None:
    tables = ("batch_jobs", "busy_reports", "financial_reports")
    await finished_batch(container, reports=2)
    await finished_batch(container)
    await started_batch(container, reports=2)
    await submitted_batch(container)
    before = {table: rows_of(database, table) for table in tables}
    execute_as_superuser(database, damage)
    await rebuild_everything(container)
    assert {table: rows_of(database, table) for table in tables} == before
    assert await all_findings(container) == []


async def test_a_rebuild_is_recorded_with_the_batches_that_had_drifted(
    container: Container, database: Database
) -> None:
    batch_id = await finished_batch(container)
    execute_as_superuser(database, "UPDATE batch_jobs SET failed = 7")
    done = await rebuild_everything(container)
    assert (done.batches, done.drifted, done.drifted_first, done.rewritten) == (1, 1, [batch_id], 1)
    (action,) = rows_of(database, "audit_acts")
    assert action[2:6] == (
        "rebuild",
        ATTRIBUTION.actor,
        ATTRIBUTION.reason,
        {"batches": 1, "drifted": [str(batch_id)], "rewritten": 1, "added": 0},
    )


async def test_a_rebuild_reports_a_damaged_batch_and_leaves_its_row_as_it_is(
    container: Container, database: Database
) -> None:
    batch_id, sound = await finished_batch(container), await finished_batch(container)
    execute_as_superuser(
        database,
        f"DELETE FROM batch_events WHERE batch_id = '{batch_id}' AND version = 2",
        "UPDATE batch_jobs SET failed = 7",
    )
    done = await rebuild_everything(container)
    assert {finding.batch_id for finding in done.damage} == {batch_id}
    assert (done.damaged, done.drifted, done.drifted_first) == (1, 1, [sound])


async def test_a_second_rebuild_is_refused_while_one_runs(container: Container) -> None:
    await finished_batch(container)
    async with container.shadow_tables().open():
        with pytest.raises(RebuildRuns):
            await rebuild_everything(container)
    await rebuild_everything(container)


async def test_a_rebuild_repairs_drift_of_batches_without_a_row(container: Container, database: Database) -> None:
    """Statuses of the reports of a batch that retention removed, and reservations for a batch that never was."""
    await finished_batch(container)
    await clean_up(container)
    execute_as_superuser(
        database,
        "UPDATE financial_reports SET processing_status = 'PENDING'",
        "INSERT INTO busy_reports SELECT id, gen_random_uuid() FROM financial_reports",
    )
    assert len(await all_findings(container)) == 2
    await rebuild_everything(container)
    assert await all_findings(container) == []
    assert rows_of(database, "busy_reports") == rows_of(database, "batch_jobs") == []
