"""Owners and operators cancel a batch and retry its failed reports."""

from uuid import uuid4

import httpx
import pytest

from application.ports.tokens import Role
from domain.reasons import RULE
from domain.tiers import Tier
from tests.support.problems import expect_problem
from tests.support.running_service import Client, Service


def post(client: Client, batch_id: str, action: str, reason: str | None = None) -> httpx.Response:
    return client.http.post(f"/v1/reports/batch/{batch_id}/{action}", json={} if reason is None else {"reason": reason})


@pytest.mark.parametrize(
    "reason",
    [
        pytest.param("x" * 201, id="too long"),
        pytest.param("two\nlines", id="two lines"),
        pytest.param("jane@example.com", id="address"),
        pytest.param("", id="empty"),
        pytest.param("a\x1b[2Jb", id="control characters"),
    ],
)
@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_a_reason_is_one_short_line_without_an_address(idle: Service, action: str, reason: str) -> None:
    client = idle.client()
    answer = post(client, client.submitted(client.uploaded()), action, reason)
    (error,) = expect_problem(answer, 422, "VALIDATION_ERROR")["errors"]
    assert (error["field"], RULE in error["message"]) == ("reason", True)


def test_an_owner_cancels_a_batch_once(idle: Service) -> None:
    client = idle.client()
    batch_id = client.submitted(client.uploaded())
    cancelled = post(client, batch_id, "cancel")
    assert (cancelled.status_code, cancelled.json()) == (200, client.batch(batch_id).json())
    assert cancelled.json()["status"] == "FAILED"
    without_body = client.http.post(f"/v1/reports/batch/{batch_id}/cancel")
    expect_problem(without_body, 409, "BATCH_FINISHED")


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_a_batch_of_another_user_is_not_found(idle: Service, action: str) -> None:
    client, other = idle.client(), idle.client()
    batch_id = client.submitted(client.uploaded())
    expect_problem(post(other, batch_id, action), 404, "BATCH_NOT_FOUND")


def test_an_operator_cancels_and_retries_on_behalf_of_the_owner(idle: Service) -> None:
    owner, operator_id = idle.client(Tier.PRO), uuid4()
    operator = Client(idle.http(idle.token(Tier.BASIC, operator_id, Role.OPERATOR)), operator_id)
    auditor = idle.http(idle.token(Tier.ENTERPRISE, None, Role.AUDITOR))
    batch_id = owner.submitted(owner.uploaded())
    post(operator, batch_id, "cancel", "stuck").raise_for_status()
    retried = post(operator, batch_id, "retry").raise_for_status()
    assert retried.status_code == 202
    new_batch_id = retried.json()["batch_id"]
    assert owner.batch(new_batch_id).json() == retried.json()
    cancellation = auditor.get(f"/v1/audit/batches/{batch_id}").json()["events"][-1]
    assert cancellation["metadata"]["actor"] == f"operator:{operator_id}"
    submitted = auditor.get(f"/v1/audit/batches/{new_batch_id}").json()["events"][0]["data"]
    assert (submitted["user_id"], submitted["tier"], submitted["retry_of"]) == (str(owner.user_id), "Pro", batch_id)


def test_a_retry_that_is_repeated_with_its_idempotency_key_runs_once(idle: Service) -> None:
    client = idle.client()
    batch_id = client.submitted(client.uploaded())
    post(client, batch_id, "cancel").raise_for_status()
    key = {"Idempotency-Key": str(uuid4())}
    first, repeated = (client.http.post(f"/v1/reports/batch/{batch_id}/retry", headers=key) for _ in range(2))
    assert first.json() == repeated.json()
    assert repeated.headers["idempotent-replayed"] == "true"
    assert first.headers["batch-receipt"] == repeated.headers["batch-receipt"]


def test_a_batch_without_a_failed_report_cannot_be_retried(client: Client) -> None:
    batch_id = client.submitted(client.uploaded())
    client.finished(batch_id)
    expect_problem(post(client, batch_id, "retry"), 409, "NOTHING_TO_RETRY")
