"""Retention removes old rows of finished batches from `batch_jobs`: they are not drift, and do not come back."""

from datetime import UTC, datetime, timedelta

import pytest
from dependency_injector import providers

from application.errors import ClockAhead
from entrypoints.container import Container, Database
from tests.support.batches import (
    all_findings,
    clean_up,
    finished_batch,
    rebuild_everything,
    started_batch,
    submitted_batch,
)
from tests.support.database import execute_as_superuser, rows_of


async def test_rows_that_retention_removed_are_not_drift_and_are_not_rebuilt(container: Container) -> None:
    for _ in range(3):
        await finished_batch(container)
    unfinished = await started_batch(container)
    assert await container.retention().due(timedelta(0)) == 3
    assert await clean_up(container) == 3
    assert await all_findings(container) == []
    await rebuild_everything(container)
    async with container.operator_storage().transaction() as tx:
        assert await tx.repair.count_processed(datetime(2100, 1, 1, tzinfo=UTC)) == 0
        assert await tx.batch_jobs.get(unfinished) is not None
    assert await all_findings(container) == []


async def test_thirty_days_of_the_platform_may_be_an_hour_shorter_than_ours(
    container: Container, database: Database
) -> None:
    """`INTERVAL '30 days'` includes the day on which clocks are put forward."""
    await finished_batch(container)
    execute_as_superuser(database, "DELETE FROM batch_jobs")
    assert await all_findings(container) != []
    for hours, drift in ((30 * 24 - 1, False), (29 * 24, True)):
        then = datetime.now(UTC) + timedelta(hours=hours)
        container.clock.override(providers.Object(lambda then=then: then))
        container.batch_audit.reset()
        assert bool(await all_findings(container)) is drift


async def test_a_machine_whose_clock_is_ahead_removes_nothing(container: Container, database: Database) -> None:
    """Otherwise the action would excuse rows that are yet to go missing, and a rebuild would not restore them."""
    await finished_batch(container)
    ahead = datetime.now(UTC) + timedelta(days=365)
    container.clock.override(providers.Object(lambda: ahead))
    with pytest.raises(ClockAhead):
        await clean_up(container, timedelta(days=30))
    assert len(rows_of(database, "batch_jobs")) == 1
    assert rows_of(database, "audit_acts") == []


async def test_the_row_of_an_unfinished_batch_stays_even_if_it_says_that_the_batch_finished(
    container: Container, database: Database
) -> None:
    batch_id = await submitted_batch(container)
    execute_as_superuser(database, "UPDATE batch_jobs SET status = 'FAILED', processed_at = now() - INTERVAL '1 day'")
    assert await clean_up(container) == 0
    assert [row[0] for row in rows_of(database, "batch_jobs")] == [batch_id]
