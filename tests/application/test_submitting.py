"""Submitting, cancelling and retrying: who may, and what an idempotency key does."""

from dataclasses import replace
from uuid import UUID

import pytest

from application.asker import OPERATOR, Asker
from application.cancel import NO_REASON
from application.errors import BatchNotFound, IdempotencyKeyReused
from application.log import Metadata
from application.submit import Submission
from domain import refusals
from domain.statuses import BatchStatus
from domain.tiers import Tier
from tests.application.batches import ASKED, STRANGER, USER, finished, started, submitted
from tests.application.conftest import World
from tests.support.builders import new_id, uploaded_reports

OWNER = Asker(user_id=USER, tier=Tier.PRO, key_owner=USER)
FOREIGNER = Asker(user_id=STRANGER, tier=Tier.PRO, key_owner=STRANGER)


async def submission(world: World, reports: int = 1, key: str | None = "k") -> Submission:
    report_ids = tuple(await uploaded_reports(world.storage, USER, reports))
    return Submission(user_id=USER, tier=Tier.BASIC, report_ids=report_ids, idempotency_key=key)


async def test_a_submit_that_is_repeated_with_its_key_returns_the_earlier_batch(world: World) -> None:
    request = await submission(world)
    first, second = [await world.submit(request, ASKED) for _ in range(2)]
    assert (first.replayed, second.replayed) == (False, True)
    assert (second.batch_id, second.submitted, second.total_reports) == (first.batch_id, first.submitted, 1)
    assert len(world.storage.state.events) == 1


async def test_a_repeated_submit_is_answered_even_if_a_later_event_of_its_batch_is_damaged(world: World) -> None:
    request = await submission(world)
    first = await world.submit(request, ASKED)
    events = world.storage.state.events
    events[first.batch_id] = (*events[first.batch_id], replace(events[first.batch_id][0], version=2, type="Unknown"))
    assert (await world.submit(request, ASKED)).batch_id == first.batch_id


async def test_a_key_with_another_request_is_refused(world: World) -> None:
    await world.submit(await submission(world), ASKED)
    with pytest.raises(IdempotencyKeyReused):
        await world.submit(await submission(world), ASKED)


async def test_a_key_whose_row_names_the_batch_of_another_user_finds_nothing(world: World) -> None:
    request = await submission(world)
    foreign = await submitted(world, user_id=STRANGER)
    world.storage.state.keys[USER, "k"] = (request.fingerprint(), foreign)
    with pytest.raises(BatchNotFound):
        await world.submit(request, ASKED)


async def test_more_reports_than_the_tier_allows_are_refused(world: World) -> None:
    with pytest.raises(refusals.TooManyReports) as refused:
        await world.submit(await submission(world, reports=4), ASKED)
    assert (refused.value.given, refused.value.limit) == (4, 3)


async def test_more_unfinished_batches_than_the_tier_allows_are_refused(world: World) -> None:
    for _ in range(2):
        await world.submit(await submission(world, key=None), ASKED)
    with pytest.raises(refusals.TooManyActiveBatches):
        await world.submit(await submission(world, key=None), ASKED)


async def test_a_cancelled_batch_fails_its_remaining_reports_and_finishes(world: World) -> None:
    batch_id = await started(world)
    job = await world.cancel(batch_id, OWNER, ASKED)
    assert (job.status, job.failed) == (BatchStatus.FAILED, 2)
    assert world.types(batch_id)[2:] == ["ReportFailed", "ReportFailed", "Finished"]
    assert world.storage.state.events[batch_id][-1].data["reason"] == NO_REASON


async def test_the_reason_of_a_cancel_is_recorded(world: World) -> None:
    batch_id = await submitted(world)
    await world.cancel(batch_id, OPERATOR, Metadata(actor="operator:o", correlation_id=new_id(), reason="wrong year"))
    assert world.storage.state.events[batch_id][-1].data["reason"] == "wrong year"


@pytest.mark.parametrize("of_a_stranger", [True, False], ids=["another user's batch", "an unknown batch"])
async def test_only_the_owner_or_an_operator_cancels_or_retries(world: World, of_a_stranger: bool) -> None:
    batch_id = await finished(world, failed=1) if of_a_stranger else new_id()
    with pytest.raises(BatchNotFound):
        await world.cancel(batch_id, FOREIGNER, ASKED)
    with pytest.raises(BatchNotFound):
        await world.submit.retry(batch_id, FOREIGNER, None, ASKED)


async def test_a_retry_is_a_new_batch_of_the_failed_reports(world: World) -> None:
    batch_id = await finished(world, reports=3, failed=2)
    accepted = await world.submit.retry(batch_id, OWNER, None, ASKED)
    stored = world.storage.state.events[accepted.batch_id][0].data
    failed = [str(report_id) for report_id in world.storage.state.jobs[batch_id].report_ids[:2]]
    assert (stored["report_ids"], stored["retry_of"], stored["tier"]) == (failed, str(batch_id), "Pro")


async def test_a_retry_by_an_operator_keeps_the_tier_of_the_owner(world: World) -> None:
    accepted = await world.submit.retry(await finished(world, failed=1), OPERATOR, None, ASKED)
    stored = world.storage.state.events[accepted.batch_id][0].data
    assert (stored["user_id"], stored["tier"]) == (str(USER), "Enterprise")


async def test_a_retry_that_is_repeated_with_its_key_returns_the_earlier_batch(world: World) -> None:
    batch_id = await finished(world, failed=1)
    first, second = [await world.submit.retry(batch_id, OWNER, "k", ASKED) for _ in range(2)]
    assert (first.batch_id, first.replayed, second.replayed) == (second.batch_id, False, True)


async def test_an_unfinished_batch_is_not_retried(world: World) -> None:
    with pytest.raises(refusals.BatchUnfinished):
        await world.submit.retry(await started(world), OWNER, None, ASKED)


async def test_a_batch_without_failures_is_not_retried(world: World) -> None:
    with pytest.raises(refusals.NothingToRetry):
        await world.submit.retry(await finished(world), OWNER, None, ASKED)


def test_a_fingerprint_tells_requests_apart() -> None:
    plain = Submission(user_id=USER, tier=Tier.PRO, report_ids=(UUID(int=1), UUID(int=2)))
    others = [
        Submission(user_id=USER, tier=Tier.PRO, report_ids=plain.report_ids[::-1]),
        Submission(user_id=USER, tier=Tier.PRO, report_ids=plain.report_ids, reanalyze=True),
        Submission(user_id=USER, tier=Tier.PRO, report_ids=plain.report_ids, retry_of=UUID(int=3)),
    ]
    assert len({each.fingerprint() for each in (plain, *others)}) == 4
