"""Constraints and locks hold when many requests or workers act at the same time."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from uuid import UUID

import pytest

from application.errors import BatchNotFound, IdempotencyKeyInFlight
from application.log import Metadata
from application.submit import Accepted, Submission
from domain import commands
from domain.tiers import Tier
from entrypoints.container import Container, Database
from tests.support.batches import asked, execute, finished
from tests.support.builders import new_id, uploaded

USER = UUID(int=1)
METADATA = Metadata(actor=f"user:{USER}", correlation_id=UUID(int=5))


async def outcomes(*calls: Awaitable[object]) -> Counter[str]:
    """Return how many of the concurrent calls ended with each type of result or exception."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    return Counter(type(result).__name__ for result in results)


async def submit(container: Container, *report_ids: UUID, key: str | None = None) -> Accepted:
    submission = Submission(user_id=USER, tier=Tier.BASIC, report_ids=report_ids, idempotency_key=key)
    return await container.submit()(submission, METADATA)


async def test_concurrent_submissions_put_a_report_into_one_batch(container: Container) -> None:
    (report_id,) = await uploaded(container.storage(), USER)
    results = await outcomes(*(submit(container, report_id) for _ in range(8)))
    assert results == {"Accepted": 1, "ReportsBusy": 7}


async def test_concurrent_submissions_cannot_exceed_the_limit_of_unfinished_batches(container: Container) -> None:
    report_ids = await uploaded(container.storage(), USER, 8)
    results = await outcomes(*(submit(container, report_id) for report_id in report_ids))
    assert results == {"Accepted": 2, "TooManyActiveBatches": 6}


async def test_concurrent_requests_with_one_idempotency_key_create_one_batch(container: Container) -> None:
    (report_id,) = await uploaded(container.storage(), USER)
    results = await asyncio.gather(*(submit(container, report_id, key="k") for _ in range(8)), return_exceptions=True)
    accepted = {result.batch_id for result in results if isinstance(result, Accepted)}
    assert len(accepted) == 1
    assert {type(result) for result in results if isinstance(result, BaseException)} <= {IdempotencyKeyInFlight}


async def test_concurrent_starts_each_append_a_version_of_their_own(container: Container) -> None:
    (report_id,) = await uploaded(container.storage(), USER)
    batch_id = (await submit(container, report_id)).batch_id
    starts = [
        container.handler().handle(batch_id, commands.Start(worker_id=f"w{n}", max_attempts=99), METADATA)
        for n in range(5)
    ]
    await asyncio.gather(*starts)
    history = await container.batch_audit().history(batch_id)
    assert [event.version for event in history.events] == [1, 2, 3, 4, 5, 6]


async def test_one_of_several_concurrent_outcomes_of_a_report_is_recorded(container: Container) -> None:
    (report_id,) = await uploaded(container.storage(), USER)
    batch_id = (await submit(container, report_id)).batch_id
    await container.handler().handle(batch_id, commands.Start(worker_id="w", max_attempts=3), METADATA)
    records = [
        container.handler().handle(
            batch_id,
            commands.RecordSuccess(worker_id="w", report_id=report_id, analysis_id=new_id(), duration_ms=1),
            METADATA,
        )
        for _ in range(4)
    ]
    assert await outcomes(*records) == {"Batch": 1, "BatchFinished": 3}


async def test_a_submission_that_fails_after_enqueueing_leaves_no_queue_entry(container: Container) -> None:
    with pytest.raises(ZeroDivisionError):
        async with container.storage().transaction() as tx:
            await tx.queue.enqueue(new_id())
            raise ZeroDivisionError
    async with container.pool().connection() as connection:
        row = await (await connection.execute("SELECT count(*) AS entries FROM pgqueuer")).fetchone()
    assert row == {"entries": 0}


async def test_an_idempotency_key_edited_by_hand_never_reveals_another_user_s_batch(
    container: Container, database: Database
) -> None:
    """A replayed submission would return a receipt of that batch as well."""
    other_users, user_id = await finished(container), new_id()
    (report_id,) = await uploaded(container.storage(), user_id)
    submission = Submission(user_id=user_id, tier=Tier.BASIC, report_ids=(report_id,), idempotency_key="k")
    own = await container.submit()(submission, asked(user_id))
    assert (await container.submit()(submission, asked(user_id))).batch_id == own.batch_id
    execute(database, f"UPDATE idempotency_keys SET batch_id = '{other_users}'")
    with pytest.raises(BatchNotFound):
        await container.submit()(submission, asked(user_id))
