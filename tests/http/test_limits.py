"""Each tier limits the reports of a batch, the unfinished batches and the requests a minute."""

from uuid import uuid4

import pytest

from domain.tiers import Tier
from tests.support.problems import expect_problem
from tests.support.running_service import Service


@pytest.mark.parametrize(("tier", "limit"), [(Tier.BASIC, 3), (Tier.PRO, 7), (Tier.ENTERPRISE, 10)])
def test_a_batch_with_more_reports_than_the_tier_allows_is_refused(service: Service, tier: Tier, limit: int) -> None:
    answer = service.client(tier).submit(*(str(uuid4()) for _ in range(limit + 1)))
    expect_problem(answer, 403, "BATCH_LIMIT_EXCEEDED", containing=f"allows {limit} reports")


@pytest.mark.parametrize(("tier", "limit"), [(Tier.BASIC, 2), (Tier.PRO, 5)])
def test_more_unfinished_batches_than_the_tier_allows_are_refused(idle: Service, tier: Tier, limit: int) -> None:
    client = idle.client(tier)
    for _ in range(limit):
        client.submitted(client.uploaded())
    answer = client.submit(client.uploaded())
    expect_problem(answer, 429, "ACTIVE_BATCH_LIMIT_EXCEEDED", containing=f"allows {limit} unfinished")
    assert answer.headers["retry-after"]


def test_each_user_has_a_rate_limit_of_their_own(service: Service) -> None:
    client, other = service.client(Tier.BASIC), service.client(Tier.BASIC)
    answers = [client.http.get("/v1/reports") for _ in range(61)]
    assert [answer.status_code for answer in answers[:60]] == [200] * 60
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers[:3]] == ["59", "58", "57"]
    expect_problem(answers[60], 429, "RATE_LIMIT_EXCEEDED")
    assert answers[60].headers["x-ratelimit-limit"] == "60"
    assert 0 < int(answers[60].headers["retry-after"]) <= 60
    assert int(answers[60].headers["x-ratelimit-reset"]) > 0
    assert other.http.get("/v1/reports").status_code == 200
