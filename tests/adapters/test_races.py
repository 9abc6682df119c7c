"""What constraints and locks hold when many come at once."""

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
from tests.support.batches import finished_batch, metadata_of
from tests.support.builders import new_id, uploaded_reports
from tests.support.database import execute_as_superuser

USER = UUID(int=1)
ASKED = Metadata(actor=f"user:{USER}", correlation_id=UUID(int=5))


async def outcomes(*works: Awaitable[object]) -> Counter[str]:
    done = await asyncio.gather(*works, return_exceptions=True)
    return Counter(type(result).__name__ for result in done)


async def submit(container: Container, *report_ids: UUID, key: str | None = None) -> Accepted:
    asked = Submission(user_id=USER, tier=Tier.BASIC, report_ids=report_ids, idempotency_key=key)
    return await container.submit()(asked, ASKED)


async def test_a_report_goes_into_one_batch_however_many_ask_at_once(container: Container) -> None:
    (report_id,) = await uploaded_reports(container.storage(), USER)
    told = await outcomes(*(submit(container, report_id) for _ in range(8)))
    assert told == {"Accepted": 1, "ReportsBusy": 7}


async def test_the_limit_of_unfinished_batches_holds_however_many_ask_at_once(container: Container) -> None:
    report_ids = await uploaded_reports(container.storage(), USER, 8)
    told = await outcomes(*(submit(container, report_id) for report_id in report_ids))
    assert told == {"Accepted": 2, "TooManyActiveBatches": 6}


async def test_an_idempotency_key_leads_to_one_batch_however_often_it_is_sent_at_once(container: Container) -> None:
    (report_id,) = await uploaded_reports(container.storage(), USER)
    done = await asyncio.gather(*(submit(container, report_id, key="k") for _ in range(8)), return_exceptions=True)
    accepted = {result.batch_id for result in done if isinstance(result, Accepted)}
    assert len(accepted) == 1
    assert {type(result) for result in done if isinstance(result, BaseException)} <= {IdempotencyKeyInFlight}


async def test_one_of_many_workers_takes_each_version(container: Container) -> None:
    (report_id,) = await uploaded_reports(container.storage(), USER)
    batch_id = (
        await container.submit()(Submission(user_id=USER, tier=Tier.BASIC, report_ids=(report_id,)), ASKED)
    ).batch_id
    starts = [
        container.handler().handle(batch_id, commands.Start(worker_id=f"w{n}", max_attempts=99), ASKED)
        for n in range(5)
    ]
    await asyncio.gather(*starts)
    history = await container.batch_audit().history(batch_id)
    assert [event.version for event in history.events] == [1, 2, 3, 4, 5, 6]


async def test_of_two_workers_that_record_the_same_report_one_is_refused(container: Container) -> None:
    (report_id,) = await uploaded_reports(container.storage(), USER)
    batch_id = (
        await container.submit()(Submission(user_id=USER, tier=Tier.BASIC, report_ids=(report_id,)), ASKED)
    ).batch_id
    await container.handler().handle(batch_id, commands.Start(worker_id="w", max_attempts=3), ASKED)
    records = [
        container.handler().handle(
            batch_id,
            commands.RecordSuccess(worker_id="w", report_id=report_id, analysis_id=new_id(), duration_ms=1),
            ASKED,
        )
        for _ in range(4)
    ]
    assert await outcomes(*records) == {"Batch": 1, "BatchFinished": 3}


async def test_a_submit_that_fails_at_its_end_leaves_nothing_in_the_queue(container: Container) -> None:
    with pytest.raises(ZeroDivisionError):
        async with container.storage().transaction() as tx:
            await tx.queue.enqueue(new_id())
            raise ZeroDivisionError
    async with container.pool().connection() as connection:
        row = await (await connection.execute("SELECT count(*) AS jobs FROM pgqueuer")).fetchone()
    assert row == {"jobs": 0}


async def test_a_key_that_was_edited_leads_to_nobody_elses_batch(container: Container, database: Database) -> None:
    """Nor to a receipt of it."""
    theirs, user_id = await finished_batch(container), new_id()
    (report_id,) = await uploaded_reports(container.storage(), user_id)
    asks = Submission(user_id=user_id, tier=Tier.BASIC, report_ids=(report_id,), idempotency_key="k")
    own = await container.submit()(asks, metadata_of(user_id))
    assert (await container.submit()(asks, metadata_of(user_id))).batch_id == own.batch_id
    execute_as_superuser(database, f"UPDATE idempotency_keys SET batch_id = '{theirs}'")
    with pytest.raises(BatchNotFound):
        await container.submit()(asks, metadata_of(user_id))
