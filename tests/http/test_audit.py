"""The audit's routes: what they answer, to whom, page by page."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from application.audit.signed_notes import PublicKey, opened
from application.ports.tokens import Role
from domain.reasons import RULE
from domain.tiers import Tier
from tests.support.running_service import Client, Service, eventually

ROUTES = [
    "/v1/audit/events",
    f"/v1/audit/batches?user_id={UUID(int=1)}",
    f"/v1/audit/batches/{UUID(int=1)}",
    "/v1/audit/acts",
    "/v1/audit/verify",
    "/v1/audit/checkpoints",
    "/v1/audit/checkpoints/latest",
    f"/v1/audit/proofs/inclusion?batch_id={UUID(int=1)}",
    "/v1/audit/proofs/consistency?old=1",
]


@pytest.fixture
def auditor(service: Service) -> httpx.Client:
    return service.http(service.token(Tier.ENTERPRISE, None, Role.AUDITOR))


@pytest.fixture
def finished(service: Service) -> tuple[Client, str]:
    client = service.client()
    batch_id = client.submitted(client.uploaded())
    client.finished(batch_id)
    return client, batch_id


def sealed(auditor: httpx.Client, batch_id: str) -> dict[str, Any]:
    def proof() -> dict[str, Any] | None:
        answer = auditor.get("/v1/audit/proofs/inclusion", params={"batch_id": batch_id, "version": 4})
        return answer.json() if answer.is_success else None

    return eventually(proof)


@pytest.mark.parametrize("route", ROUTES)
def test_only_auditors_may_ask(service: Service, route: str) -> None:
    answer = service.client().http.get(route)
    assert (answer.status_code, answer.json()["error_code"]) == (403, "ROLE_MISSING")
    assert service.http().get(route).status_code == 401
    operator = service.http(service.token(Tier.BASIC, None, Role.OPERATOR))
    assert operator.get(route).status_code == 403


def test_the_whole_log_can_be_followed(auditor: httpx.Client, finished: tuple[Client, str]) -> None:
    events: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = auditor.get("/v1/audit/events", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        if not page["events"]:
            assert page["next_cursor"] == cursor
            break
        events += page["events"]
        cursor = page["next_cursor"]
    keys = [(event["batch_id"], event["version"]) for event in events]
    assert len(keys) == len(set(keys))
    mine = [event for event in events if event["batch_id"] == finished[1]]
    assert [event["type"] for event in mine] == ["Submitted", "Started", "ReportSucceeded", "Finished"]
    assert mine[1]["previous_hash"] == mine[0]["hash"]
    assert mine == auditor.get(f"/v1/audit/batches/{finished[1]}").json()["events"]


@pytest.mark.parametrize("cursor", ["x", "W10", "WyIxIl0", "WyJhIiwiYiJd", "WyItMSIsIjAiXQ"])
@pytest.mark.parametrize("route", ["events", "verify", "checkpoints"])
def test_a_cursor_of_nobody_is_refused(auditor: httpx.Client, route: str, cursor: str) -> None:
    answer = auditor.get(f"/v1/audit/{route}", params={"cursor": cursor})
    if (route, cursor) == ("checkpoints", "WyIxIl0"):
        assert answer.is_success
    else:
        assert (answer.status_code, answer.json()["error_code"]) == (422, "VALIDATION_ERROR")


def test_verifying_goes_on_from_page_to_page(auditor: httpx.Client, finished: tuple[Client, str]) -> None:
    checked, cursor = 0, None
    while True:
        params = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = auditor.get("/v1/audit/verify", params=params).json()
        assert page["findings"] == []
        checked += page["batches"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert checked >= 1
    one = auditor.get("/v1/audit/verify", params={"batch_id": finished[1]}).json()
    assert one == {"batches": 1, "findings": [], "next_cursor": None}
    (unknown,) = auditor.get("/v1/audit/verify", params={"batch_id": str(uuid4())}).json()["findings"]
    assert unknown["problem"] == "there is no such batch"


def test_checkpoints_come_newest_first_and_each_can_be_proven_from(
    auditor: httpx.Client, finished: tuple[Client, str]
) -> None:
    first = sealed(auditor, finished[1])
    older = int(first["checkpoint"].splitlines()[1])
    other = finished[0].submitted(finished[0].uploaded())
    finished[0].finished(other)
    sealed(auditor, other)
    page = auditor.get("/v1/audit/checkpoints", params={"limit": 1}).json()
    assert PublicKey.parse(page["public_key"]).name == "fna-batch"
    (newest,) = page["checkpoints"]
    rest = auditor.get("/v1/audit/checkpoints", params={"cursor": page["next_cursor"], "limit": 1000}).json()
    sizes = [newest["size"], *(each["size"] for each in rest["checkpoints"])]
    assert sizes == sorted(set(sizes), reverse=True)
    assert older in sizes
    assert rest["next_cursor"] is None
    grown = auditor.get("/v1/audit/proofs/consistency", params={"old": older, "new": newest["size"]}).json()
    assert (grown["old"], grown["new"]) == (first["checkpoint"], newest["note"])
    latest = auditor.get("/v1/audit/checkpoints/latest")
    assert latest.headers["content-type"].startswith("text/plain")
    assert latest.text.startswith("fna-batch\n")
    missing = auditor.get("/v1/audit/proofs/consistency", params={"old": 999_999_999})
    assert (missing.status_code, missing.json()["error_code"]) == (404, "CHECKPOINT_NOT_FOUND")
    never = auditor.get("/v1/audit/proofs/inclusion", params={"batch_id": other, "version": 99})
    assert (never.status_code, never.json()["error_code"]) == (404, "EVENT_NOT_FOUND")


@pytest.mark.parametrize(
    "as_of", ["1772539200", "2026-03-03", "yesterday", "2026-03-03T12:00:00", "-1", "2026-99-03T12:00:00Z"]
)
@pytest.mark.parametrize("route", ["/v1/reports/batch", "/v1/reports/batch/{}", "/v1/audit/batches/{}"])
def test_an_instant_is_rfc_3339(service: Service, route: str, as_of: str) -> None:
    client = service.http(service.token(Tier.ENTERPRISE, None, Role.AUDITOR))
    answer = client.get(route.format(uuid4()), params={"as_of": as_of})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "as_of")


def test_an_unknown_batch_has_no_history(auditor: httpx.Client) -> None:
    answer = auditor.get(f"/v1/audit/batches/{uuid4()}")
    assert (answer.status_code, answer.json()["error_code"]) == (404, "BATCH_NOT_FOUND")


REASONS = ["x" * 201, "two\nlines", "jane@example.com", "", "a\x1b[2Jb"]


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("act", ["cancel", "retry"])
def test_a_reason_is_one_short_line_without_an_address(idle: Service, act: str, reason: str) -> None:
    client = idle.client()
    batch_id = client.submitted(client.uploaded())
    answer = client.http.post(f"/v1/reports/batch/{batch_id}/{act}", json={"reason": reason})
    assert (answer.status_code, answer.json()["error_code"]) == (422, "VALIDATION_ERROR")
    (wrong,) = answer.json()["errors"]
    assert (wrong["field"], RULE in wrong["message"]) == ("reason", True)


def test_cancelling(idle: Service) -> None:
    client, other = idle.client(), idle.client()
    batch_id = client.submitted(client.uploaded())
    route = f"/v1/reports/batch/{batch_id}"
    assert other.http.post(f"{route}/cancel").json()["error_code"] == "BATCH_NOT_FOUND"
    assert other.http.post(f"{route}/retry").json()["error_code"] == "BATCH_NOT_FOUND"
    cancelled = client.http.post(f"{route}/cancel", json={})
    assert (cancelled.status_code, cancelled.json()) == (200, client.batch(batch_id).json())
    assert cancelled.json()["status"] == "FAILED"
    again = client.http.post(f"{route}/cancel")
    assert (again.status_code, again.json()["error_code"]) == (409, "BATCH_FINISHED")


def test_an_operator_cancels_and_retries_for_the_owner(idle: Service) -> None:
    client = idle.client(Tier.PRO)
    batch_id = client.submitted(client.uploaded())
    operator_id = uuid4()
    operator = idle.http(idle.token(Tier.BASIC, operator_id, Role.OPERATOR))
    operator.post(f"/v1/reports/batch/{batch_id}/cancel", json={"reason": "stuck"}).raise_for_status()
    retried = operator.post(f"/v1/reports/batch/{batch_id}/retry").raise_for_status()
    assert retried.status_code == 202
    again = retried.json()["batch_id"]
    assert client.batch(again).json() == retried.json()
    auditor = idle.http(idle.token(Tier.ENTERPRISE, None, Role.AUDITOR))
    assert auditor.get(f"/v1/audit/batches/{batch_id}").json()["events"][-1]["metadata"]["actor"] == (
        f"operator:{operator_id}"
    )
    data = auditor.get(f"/v1/audit/batches/{again}").json()["events"][0]["data"]
    assert (data["user_id"], data["tier"], data["retry_of"]) == (str(client.user_id), "Pro", batch_id)


def test_a_retry_that_is_sent_again_runs_once(idle: Service) -> None:
    client = idle.client()
    batch_id = client.submitted(client.uploaded())
    client.http.post(f"/v1/reports/batch/{batch_id}/cancel").raise_for_status()
    key = {"Idempotency-Key": str(uuid4())}
    answers = [client.http.post(f"/v1/reports/batch/{batch_id}/retry", headers=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert answers[0].headers["batch-receipt"] == answers[1].headers["batch-receipt"]


def test_what_has_no_failed_report_cannot_be_retried(finished: tuple[Client, str]) -> None:
    client, batch_id = finished
    answer = client.http.post(f"/v1/reports/batch/{batch_id}/retry")
    assert (answer.status_code, answer.json()["error_code"]) == (409, "NOTHING_TO_RETRY")


def test_a_receipt_names_the_submission_and_when_it_was(
    service: Service, auditor: httpx.Client, finished: tuple[Client, str]
) -> None:
    client, batch_id = finished
    body = client.http.get(f"/v1/reports/batch/{batch_id}/receipt").json()
    submitted = auditor.get(f"/v1/audit/batches/{batch_id}").json()["events"][0]
    text = opened(body["note"], service.container.sealer().trusted, service.container.verifies())
    assert text.splitlines() == [
        "fna-batch receipt",
        f"batch {batch_id}",
        f"submitted {submitted['hash']}",
        f"recorded {submitted['recorded_at']}",
    ]
    assert (body["submitted_hash"], body["recorded_at"]) == (submitted["hash"], submitted["recorded_at"])


def test_metrics_are_shown(service: Service) -> None:
    def shown() -> bool:
        text = service.http().get("/metrics").text
        return "fna_batch_audit_sample_findings 0.0" in text and "fna_batch_sealed_entries" in text

    eventually(shown)
