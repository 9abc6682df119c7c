"""Erasure removes all that a user brought in: page by page, with what is in flight, and from a damaged log too."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from application.operations.erasure import EraseUser
from application.operator_actions import ActionKind
from entrypoints.container import Container, Database
from tests.support.batches import ATTRIBUTION, all_findings, finished_batch, started_batch, submitted_batch
from tests.support.builders import chunks, new_id, uploaded_reports
from tests.support.database import execute_as_superuser, rows_of, wait_for_blocked_session


async def test_an_erasure_goes_page_by_page_and_records_each_page(
    container: Container, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.operations.erasure.PAGE", 2)
    user_id = new_id()
    mine = {await finished_batch(container, user_id) for _ in range(4)} | {await started_batch(container, user_id)}
    other = await finished_batch(container)
    erased = await container.erase_user()(user_id, ATTRIBUTION)
    assert (erased.batches, erased.cancelled, erased.reports) == (5, 1, 5)
    pages = [action.data for action, _ in await container.sealed_log().actions(after=None, limit=9)]
    assert [len(data["batch_ids"]) for data in pages] == [2, 2, 1]
    assert {UUID(batch_id) for data in pages for batch_id in data["batch_ids"]} == mine
    assert [row[0] for row in rows_of(database, "batch_jobs")] == [other]
    assert await all_findings(container) == []


async def test_a_batch_submitted_while_an_erasure_runs_is_erased_too(
    container: Container, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = new_id()
    await finished_batch(container, user_id)
    erasure, remove_rows = container.erase_user(), EraseUser._remove_rows

    async def remove_late(self: EraseUser, *arguments: Any) -> int:
        monkeypatch.setattr(EraseUser, "_remove_rows", remove_rows)
        await submitted_batch(container, user_id)
        return await remove_rows(self, *arguments)

    monkeypatch.setattr(EraseUser, "_remove_rows", remove_late)
    erased = await erasure(user_id, ATTRIBUTION)
    assert (erased.batches, erased.cancelled, erased.reports) == (2, 1, 2)
    assert rows_of(database, "batch_jobs") == []
    assert await all_findings(container) == []


async def test_many_reports_are_removed_in_bounded_statements(container: Container, database: Database) -> None:
    user_id = new_id()
    execute_as_superuser(
        database,
        "INSERT INTO financial_reports (id, user_id, report_type, format, size, sha256, processing_status, created_at) "
        f"SELECT gen_random_uuid(), '{user_id}', '10-K', 'text', 1, sha256(''), 'PENDING', now() "
        "FROM generate_series(1, 201)",
        "INSERT INTO idempotency_keys (user_id, key, fingerprint, batch_id) "
        f"SELECT '{user_id}', n::text, sha256(''), gen_random_uuid() FROM generate_series(1, 1001) AS n",
    )
    async with container.operator_storage().transaction() as tx:
        assert [await tx.user_data.remove_some_reports(user_id) for _ in range(2)] == [(200, True), (1, False)]
        assert [await tx.user_data.remove_some_content(user_id) for _ in range(2)] == [True, False]
    assert rows_of(database, "idempotency_keys") == []


@pytest.mark.parametrize("in_flight", ["an upload", "a submission"])
async def test_an_erasure_waits_for_uploads_and_submissions_in_flight(
    container: Container, database: Database, in_flight: str
) -> None:
    user_id = new_id()
    (report_id,) = await uploaded_reports(container.storage(), user_id)
    async with container.storage().transaction() as tx:
        if in_flight == "an upload":
            report = await tx.reports.get(report_id)
            assert report is not None
            await tx.reports.add(replace(report, report_id=new_id()), chunks(b"text"))
        else:
            await tx.submissions.lock_user(user_id)
            await tx.submissions.remember_key(user_id, "max@example.org", bytes(32), new_id())
        erasing = asyncio.create_task(container.erase_user()(user_id, ATTRIBUTION))
        await asyncio.to_thread(wait_for_blocked_session, database, "advisory")
    erased = await erasing
    assert erased.reports == (2 if in_flight == "an upload" else 1)
    assert (rows_of(database, "financial_reports"), rows_of(database, "idempotency_keys")) == ([], [])


DAMAGE = {
    "an event whose data is malformed": "UPDATE batch_events SET data = '{}' WHERE version = 2",
    "a removed event": "DELETE FROM batch_events WHERE version = 2",
    "a number of 5000 digits": "UPDATE batch_events SET data = data || "
    "('{\"attempt\": ' || repeat('9', 5000) || '}')::jsonb WHERE version = 2",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
async def test_an_erasure_removes_everything_although_the_log_is_damaged(
    container: Container, database: Database, damage: str
) -> None:
    user_id = new_id()
    batch_id = await started_batch(container, user_id)
    await container.sealer().seal_all()
    execute_as_superuser(database, damage)
    erased = await container.erase_user()(user_id, ATTRIBUTION)
    assert (list(erased.damaged), erased.reports) == ([batch_id], 1)
    assert (rows_of(database, "financial_reports"), rows_of(database, "batch_jobs")) == ([], [])
    assert [action.kind for action, _ in await container.sealed_log().actions(after=None, limit=9)] == ["erase"]


async def test_a_row_edited_to_name_another_user_is_erased_with_that_user(
    container: Container, database: Database
) -> None:
    user_id = new_id()
    await finished_batch(container)
    execute_as_superuser(database, f"UPDATE batch_jobs SET user_id = '{user_id}'")
    await container.erase_user()(user_id, ATTRIBUTION)
    assert rows_of(database, "batch_jobs") == []


async def test_an_erasure_that_did_not_cancel_a_running_batch_is_a_finding(
    container: Container, database: Database
) -> None:
    """The service cancels it first, so the operator action was forged."""
    batch_id = await submitted_batch(container)
    owner = (await container.batch_audit().history(batch_id)).events[0].data["user_id"]
    async with container.operator_storage().transaction() as tx:
        data = {"user_id": owner, "batch_ids": [str(batch_id)]}
        await container.record()(tx, ActionKind.ERASE, ATTRIBUTION, data)
        await tx.user_data.remove_rows([batch_id])
    execute_as_superuser(database, "TRUNCATE busy_reports")
    assert any("did not cancel it first" in str(found) for found in await all_findings(container))
