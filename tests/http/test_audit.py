"""Auditors follow the log, verify it, and prove what it includes; no other role may."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from application.audit.signed_notes import PublicKey, opened
from application.ports.tokens import Role
from domain.tiers import Tier
from tests.support.database import execute_as_superuser
from tests.support.problems import expect_problem, invalid_fields
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
def batch_id(client: Client) -> str:
    """A batch that has finished; `client` is its owner."""
    batch_id = client.submitted(client.uploaded())
    client.finished(batch_id)
    return batch_id


@pytest.mark.parametrize("route", ROUTES)
def test_only_auditors_may_ask(service: Service, client: Client, route: str) -> None:
    expect_problem(client.http.get(route), 403, "ROLE_MISSING")
    expect_problem(service.http().get(route), 401, "INVALID_TOKEN")
    operator = service.http(service.token(Tier.BASIC, None, Role.OPERATOR))
    expect_problem(operator.get(route), 403, "ROLE_MISSING")


class TestEvents:
    def test_pages_hold_every_event_once_and_end_with_a_cursor_to_continue(
        self, auditor: httpx.Client, batch_id: str
    ) -> None:
        events: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
            page = auditor.get("/v1/audit/events", params=params).json()
            if not page["events"]:
                assert page["next_cursor"] == cursor
                break
            events += page["events"]
            cursor = page["next_cursor"]
        keys = [(event["batch_id"], event["version"]) for event in events]
        assert len(keys) == len(set(keys))
        stream = [event for event in events if event["batch_id"] == batch_id]
        assert [event["type"] for event in stream] == ["Submitted", "Started", "ReportSucceeded", "Finished"]
        assert stream[1]["previous_hash"] == stream[0]["hash"]
        assert stream == auditor.get(f"/v1/audit/batches/{batch_id}").json()["events"]

    def test_an_unknown_batch_has_no_history(self, auditor: httpx.Client) -> None:
        expect_problem(auditor.get(f"/v1/audit/batches/{uuid4()}"), 404, "BATCH_NOT_FOUND")


@pytest.mark.parametrize(
    ("route", "cursor"),
    [
        (route, cursor)
        for route in ("events", "verify", "checkpoints")
        for cursor in ("x", "W10", "WyIxIl0", "WyJhIiwiYiJd", "WyItMSIsIjAiXQ")
        if (route, cursor) != ("checkpoints", "WyIxIl0")
    ],
)
def test_a_cursor_of_another_form_is_refused(auditor: httpx.Client, route: str, cursor: str) -> None:
    assert invalid_fields(auditor.get(f"/v1/audit/{route}", params={"cursor": cursor}))


def test_a_cursor_of_one_number_continues_the_list_of_checkpoints(auditor: httpx.Client) -> None:
    assert auditor.get("/v1/audit/checkpoints", params={"cursor": "WyIxIl0"}).is_success


@pytest.mark.parametrize(
    "as_of", ["1772539200", "2026-03-03", "yesterday", "2026-03-03T12:00:00", "-1", "2026-99-03T12:00:00Z"]
)
@pytest.mark.parametrize("route", ["/v1/reports/batch", "/v1/reports/batch/{}", "/v1/audit/batches/{}"])
def test_an_instant_that_is_not_rfc_3339_is_refused(auditor: httpx.Client, route: str, as_of: str) -> None:
    answer = auditor.get(route.format(uuid4()), params={"as_of": as_of})
    assert invalid_fields(answer)[0] == "as_of"


class TestVerify:
    def test_pages_continue_until_every_batch_is_verified(self, auditor: httpx.Client, batch_id: str) -> None:
        verified, cursor = 0, None
        while True:
            params = {"limit": 1} | ({"cursor": cursor} if cursor else {})
            page = auditor.get("/v1/audit/verify", params=params).json()
            assert page["findings"] == []
            verified += page["batches"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert verified >= 1

    def test_one_batch_is_verified_alone(self, auditor: httpx.Client, batch_id: str) -> None:
        verified = auditor.get("/v1/audit/verify", params={"batch_id": batch_id}).json()
        assert verified == {"batches": 1, "findings": [], "next_cursor": None}

    def test_an_unknown_batch_is_a_finding_of_its_own_kind(self, auditor: httpx.Client) -> None:
        (finding,) = auditor.get("/v1/audit/verify", params={"batch_id": str(uuid4())}).json()["findings"]
        assert finding["kind"] == "unknown_batch"
        assert finding["problem"] == "there is no such batch"


class TestFindings:
    """A database of the test's own, whose rows are edited by hand."""

    @pytest.fixture
    def service(self, own_service: Service) -> Service:
        return own_service

    @pytest.mark.parametrize(
        ("statement", "kind", "subject", "version"),
        [
            pytest.param(
                "UPDATE batch_jobs SET status = 'FAILED'", "drift", "batch_jobs.status", None, id="edited status"
            ),
            pytest.param("DELETE FROM batch_jobs", "drift", "batch_jobs", None, id="deleted row"),
            pytest.param(
                "UPDATE financial_reports SET processing_status = 'FAILED'",
                "drift",
                "financial_reports.processing_status",
                None,
                id="edited report",
            ),
            pytest.param(
                "UPDATE batch_events SET metadata = '{}' WHERE version = 4",
                "damage",
                "batch_events",
                4,
                id="edited event",
            ),
        ],
    )
    def test_a_finding_has_a_kind_a_subject_and_the_ids_it_concerns(
        self,
        service: Service,
        auditor: httpx.Client,
        batch_id: str,
        statement: str,
        kind: str,
        subject: str,
        version: int | None,
    ) -> None:
        execute_as_superuser(service.database, statement)
        findings = auditor.get("/v1/audit/verify", params={"batch_id": batch_id}).json()["findings"]
        for finding in findings:
            assert finding.keys() == {"kind", "subject", "batch_id", "version", "checkpoint", "act_id", "problem"}
            assert finding["batch_id"] == batch_id
        assert (kind, subject, version) in {(each["kind"], each["subject"], each["version"]) for each in findings}


class TestProofs:
    def test_checkpoints_come_newest_first_and_the_log_is_proven_to_have_only_grown(
        self, auditor: httpx.Client, client: Client, batch_id: str
    ) -> None:
        first = inclusion_proof(auditor, batch_id)
        older = int(first["checkpoint"].splitlines()[1])
        later_batch_id = client.submitted(client.uploaded())
        client.finished(later_batch_id)
        inclusion_proof(auditor, later_batch_id)
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

    def test_the_latest_checkpoint_is_plain_text(self, auditor: httpx.Client, batch_id: str) -> None:
        inclusion_proof(auditor, batch_id)
        latest = auditor.get("/v1/audit/checkpoints/latest")
        assert latest.headers["content-type"].startswith("text/plain")
        assert latest.text.startswith("fna-batch\n")

    def test_an_unknown_checkpoint_and_an_unknown_event_are_not_found(
        self, auditor: httpx.Client, batch_id: str
    ) -> None:
        inclusion_proof(auditor, batch_id)
        unknown_size = auditor.get("/v1/audit/proofs/consistency", params={"old": 999_999_999})
        expect_problem(unknown_size, 404, "CHECKPOINT_NOT_FOUND")
        unknown_version = auditor.get("/v1/audit/proofs/inclusion", params={"batch_id": batch_id, "version": 99})
        expect_problem(unknown_version, 404, "EVENT_NOT_FOUND")


def inclusion_proof(auditor: httpx.Client, batch_id: str) -> dict[str, Any]:
    """Wait until a signed checkpoint covers the last event of the batch; return its proof."""

    def proof() -> dict[str, Any] | None:
        answer = auditor.get("/v1/audit/proofs/inclusion", params={"batch_id": batch_id, "version": 4})
        return answer.json() if answer.is_success else None

    return eventually(proof)


def test_a_receipt_names_the_submission_and_its_time(
    service: Service, auditor: httpx.Client, client: Client, batch_id: str
) -> None:
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
