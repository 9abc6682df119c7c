"""A repair restores the row of one batch; what it records names columns, never what was in them."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from application.audit.findings import DamageFound, Table
from application.errors import UnknownToTheLog
from application.log import instant
from application.operator_actions import ActionKind
from entrypoints.container import Container, Database
from tests.support.batches import (
    ATTRIBUTION,
    all_findings,
    finished_batch,
    rebuild_everything,
    started_batch,
    submitted_batch,
)
from tests.support.builders import new_id
from tests.support.database import execute_as_superuser, owner_connection, rows_of, wait_for_blocked_session


async def test_one_batch_is_repaired_and_recorded(container: Container, database: Database) -> None:
    batch_id, other = await finished_batch(container), await finished_batch(container)
    execute_as_superuser(database, "UPDATE batch_jobs SET failed = 7")
    found = await container.rebuild().batch(batch_id, ATTRIBUTION)
    assert [finding.problem for finding in found] == ["batch_jobs.failed is 7, but the log says 1"]
    assert [finding.batch_id for finding in await all_findings(container)] == [other]
    (action,) = rows_of(database, "audit_acts")
    assert action[2:6] == (
        "repair",
        ATTRIBUTION.actor,
        ATTRIBUTION.reason,
        {"batch_id": str(batch_id), "found": ["batch_jobs.failed"]},
    )
    assert list(await container.rebuild().batch(batch_id, ATTRIBUTION)) == []
    assert len(rows_of(database, "audit_acts")) == 1


async def test_a_batch_with_a_damaged_log_is_not_repaired(container: Container, database: Database) -> None:
    batch_id = await finished_batch(container)
    execute_as_superuser(database, "DELETE FROM batch_events WHERE version = 2", "UPDATE batch_jobs SET failed = 7")
    with pytest.raises(DamageFound):
        await container.rebuild().batch(batch_id, ATTRIBUTION)


async def test_an_unknown_batch_cannot_be_repaired(container: Container, database: Database) -> None:
    with pytest.raises(UnknownToTheLog):
        await container.rebuild().batch(new_id(), ATTRIBUTION)
    assert rows_of(database, "audit_acts") == []


async def test_a_repair_that_waited_for_an_erasure_restores_nothing(container: Container, database: Database) -> None:
    user_id = new_id()
    batch_id = await finished_batch(container, user_id)
    execute_as_superuser(database, "UPDATE batch_jobs SET failed = 7")
    async with container.operator_storage().transaction() as tx:
        await tx.user_data.lock_erasure()
        repairing = asyncio.create_task(container.rebuild().batch(batch_id, ATTRIBUTION))
        await asyncio.to_thread(wait_for_blocked_session, database, "advisory")
        data = {"user_id": str(user_id), "batch_ids": [str(batch_id)]}
        await container.record()(tx, ActionKind.ERASE, ATTRIBUTION, data)
        await tx.user_data.remove_rows([batch_id])
    assert list(await repairing) == []
    assert rows_of(database, "batch_jobs") == []
    assert await all_findings(container) == []


async def test_a_repair_that_waited_for_a_cleanup_restores_nothing(container: Container, database: Database) -> None:
    batch_id = await finished_batch(container)
    execute_as_superuser(database, "UPDATE batch_jobs SET failed = 7")
    async with container.operator_storage().transaction() as tx:
        before = datetime.now(UTC)
        assert await tx.repair.remove_processed(before, 9) == 1
        repairing = asyncio.create_task(container.rebuild().batch(batch_id, ATTRIBUTION))
        await asyncio.to_thread(wait_for_blocked_session, database, "transactionid")
        await container.record()(tx, ActionKind.CLEANUP, ATTRIBUTION, {"before": instant(before), "rows": 1})
    assert list(await repairing) == []
    assert rows_of(database, "batch_jobs") == []


TEXT, ID, NUMBER, TIME = "jane@example.com", "deadbeef-dead-7ead-beef-deadbeefdead", "777777777", "2222-02-02 22:22:22Z"
MARKERS = (TEXT, ID, NUMBER, "2222-02-02")
"""Values that an edit by hand left in the rows."""

READABLE = {
    "user_id": f"'{ID}'",
    "status": "'FAILED'",
    "total_reports": NUMBER,
    "successful": NUMBER,
    "failed": NUMBER,
    "results": f'\'[{{"report_id": "{ID}", "status": "failed", "analysis_id": "{ID}", "errors": ["{TEXT}"]}}]\'',
    "report_ids": f"'{{{ID}}}'",
    "processed_at": f"'{TIME}'",
    "created_at": f"'{TIME}'",
    "updated_at": f"'{TIME}'",
    "version": NUMBER,
}
"""A value with a marker for each column of `batch_jobs`, but the key that names the batch."""
EDITS = {
    "readable": {},
    "status is text of no status": {"status": f"'{TEXT}'"},
    "results are of another shape": {"results": f'\'[{{"{TEXT}": "{ID}"}}]\''},
    "results are text": {"results": f"'\"{TEXT}\"'"},
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
async def test_no_value_of_a_row_edited_by_hand_reaches_the_operator_actions(
    container: Container, database: Database, edit: dict[str, str]
) -> None:
    """Findings quote stored values; operator actions, which stay for ever, name the batch and its columns alone."""
    batch_id = await finished_batch(container, reports=2)
    for new_batch in (finished_batch, started_batch, submitted_batch):
        await new_batch(container)
    values = READABLE | edit
    assert columns_of(database, "batch_jobs") == {"batch_id", *values}
    columns, literals = ", ".join(values), ", ".join(values.values())
    execute_as_superuser(
        database,
        "ALTER TABLE batch_jobs DROP CONSTRAINT batch_jobs_status_check",
        "ALTER TABLE financial_reports DROP CONSTRAINT financial_reports_processing_status_check",
        "UPDATE batch_jobs SET " + ", ".join(f"{column} = {value}" for column, value in values.items()),
        f"UPDATE financial_reports SET processing_status = '{TEXT}'",
        f"INSERT INTO busy_reports VALUES ('{ID}', '{batch_id}')",
        f"INSERT INTO batch_jobs (batch_id, {columns}) SELECT gen_random_uuid(), {literals}",
    )
    assert TEXT in str(await all_findings(container)), "a finding quotes what was edited"

    await container.rebuild().batch(batch_id, ATTRIBUTION)
    await rebuild_everything(container)
    assert await all_findings(container) == []
    with owner_connection(database) as owner:
        actions = owner.execute("SELECT kind, data, concat_ws(' ', actor, reason, data) FROM audit_acts").fetchall()
    assert {kind for kind, _, _ in actions} == {"repair", "rebuild"}
    assert [text for _, _, text in actions if any(marker in text for marker in MARKERS)] == []
    found: set[Any] = {subject for kind, data, _ in actions if kind == "repair" for subject in data["found"]}
    assert found <= subjects_of(database)
    assert {"busy_reports", "financial_reports.processing_status"} <= found


def test_every_table_that_a_finding_is_about_is_a_table_of_the_schema(database: Database) -> None:
    assert set(Table) <= subjects_of(database)


def columns_of(database: Database, table: str) -> set[str]:
    statement = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
    with owner_connection(database) as owner:
        return {name for (name,) in owner.execute(statement, [table])}


def subjects_of(database: Database) -> set[str]:
    """Return each table of the schema as `table`, and each of its columns as `table.column`."""
    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    with owner_connection(database) as owner:
        names = [name for (name,) in owner.execute(tables)]
    return {*names, *(f"{name}.{column}" for name in names for column in columns_of(database, name))}
