"""Every error that clients can meet: its status, its code, and that it says what to do."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
import psycopg
import pytest

from adapters.embedded.server import EmbeddedPostgres
from domain.tiers import Tier
from entrypoints.container import Database, migrate
from entrypoints.settings import Settings
from tests.conftest import settings_in
from tests.support.builders import TEXT
from tests.support.command_line import SECRET
from tests.support.process_table import database_processes
from tests.support.running_service import Client, Service, database_away, eventually, running

FIELDS = {"type", "title", "status", "detail", "instance", "error_code", "timestamp"}


def problem(answer: httpx.Response, status: int, error_code: str, *, names: str = "") -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, body["status"], body["error_code"]) == (status, status, error_code), body
    assert body.keys() - {"errors"} == FIELDS
    assert body["instance"] == answer.url.path
    assert body["detail"]
    assert datetime.fromisoformat(body["timestamp"]).tzinfo is not None
    assert names in answer.text
    return body


@pytest.fixture
def client(service: Service) -> Client:
    return service.client()


GOOD_CLAIMS: dict[str, Any] = {"sub": str(uuid4()), "subscription_tier": "Basic", "type": "access"}


@pytest.mark.parametrize(
    ("changes", "secret", "algorithm"),
    [
        ({"exp": -1}, SECRET, "HS256"),
        ({}, "another secret, which is as long as the first", "HS256"),
        ({}, "", "none"),
        ({}, SECRET, "HS512"),
        ({"subscription_tier": "Gold"}, SECRET, "HS256"),
        ({"subscription_tier": None}, SECRET, "HS256"),
        ({"sub": "somebody"}, SECRET, "HS256"),
        ({"type": "refresh"}, SECRET, "HS256"),
        ({"sub": ["x"]}, SECRET, "HS256"),
    ],
    ids=[
        "expired",
        "wrong key",
        "alg none",
        "wrong alg",
        "unknown tier",
        "no tier",
        "sub no UUID",
        "refresh token",
        "sub a list",
    ],
)
def test_a_token_that_proves_nothing(service: Service, changes: dict[str, Any], secret: str, algorithm: str) -> None:
    claims = {**GOOD_CLAIMS, "exp": 3600, **changes}
    claims["exp"] = datetime.now(UTC) + timedelta(seconds=claims["exp"])
    token = jwt.encode(claims, secret, algorithm=algorithm)
    answer = service.http(token).get("/v1/reports/batch")
    problem(answer, 401, "INVALID_TOKEN")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert token not in answer.text


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic dXNlcjpwYXNz"])
def test_no_token(service: Service, header: str) -> None:
    http = service.http()
    http.headers["Authorization"] = header
    for answer in (http.get("/v1/reports"), http.post("/v1/reports/batch", content=b"{"), http.get("/v1/nothing")):
        problem(answer, 401, "INVALID_TOKEN")


@pytest.mark.parametrize(("tier", "limit"), [(Tier.BASIC, 3), (Tier.PRO, 7), (Tier.ENTERPRISE, 10)])
def test_more_reports_than_the_tier_allows(service: Service, tier: Tier, limit: int) -> None:
    answer = service.client(tier).submit(*(str(uuid4()) for _ in range(limit + 1)))
    problem(answer, 403, "BATCH_LIMIT_EXCEEDED", names=f"allows {limit} reports")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"report_ids": []}', "report_ids"),
        (b'{"report_ids": ["not-a-uuid"]}', "report_ids.0"),
        (b'{"report_ids": "not-a-list"}', "report_ids"),
        (b"{}", "report_ids"),
        (b'{"report_ids": [], "priority": 1}', "priority"),
        (b'{"report_ids": [], "reanalyze": "yes"}', "reanalyze"),
        (b'{"report_ids": [', "body"),
        (b"[]", "body"),
        (b"", "body"),
        (b'\xff\xfe{"report_ids"', "body"),
        (b"[" * 50_000, "body"),
        (b'{"report_ids": [' + b"1," * 30_000 + b"1]}", "report_ids.0"),
    ],
)
def test_a_body_that_is_not_valid(client: Client, body: bytes, field: str) -> None:
    answer = client.http.post("/v1/reports/batch", content=body, headers={"Content-Type": "application/json"})
    found = problem(answer, 422, "VALIDATION_ERROR")
    assert field in [entry["field"] for entry in found["errors"]]


def test_the_same_report_twice(client: Client) -> None:
    report_id = client.uploaded()
    found = problem(client.submit(report_id, report_id), 422, "VALIDATION_ERROR", names=report_id)
    assert [entry["field"] for entry in found["errors"]] == ["report_ids"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/reports/batch/7",
        "/v1/reports/7",
        "/v1/reports?limit=0",
        "/v1/reports?cursor=7",
        "/v1/reports/batch?status=X",
    ],
)
def test_a_path_or_query_that_is_not_valid(client: Client, path: str) -> None:
    assert problem(client.http.get(path), 422, "VALIDATION_ERROR")["errors"]


def test_reports_that_are_unknown_or_somebody_elses(service: Service, client: Client) -> None:
    own, foreign, unknown = client.uploaded(), service.client().uploaded(), str(uuid4())
    found = problem(client.submit(own, foreign, unknown), 404, "REPORT_NOT_FOUND")
    assert foreign in found["detail"]
    assert unknown in found["detail"]
    assert own not in found["detail"]
    for path in (f"/v1/reports/{foreign}", f"/v1/reports/{foreign}/analysis", f"/v1/reports/{unknown}"):
        problem(client.http.get(path), 404, "REPORT_NOT_FOUND")


def test_a_report_in_another_unfinished_batch(idle: Service) -> None:
    client = idle.client()
    report_id = client.uploaded()
    client.submitted(report_id)
    problem(client.submit(client.uploaded(), report_id), 409, "REPORT_BUSY", names=report_id)


def test_a_report_that_was_analysed_already(client: Client) -> None:
    report_id = client.uploaded()
    client.finished(client.submitted(report_id))
    problem(client.submit(report_id), 409, "REPORT_ALREADY_PROCESSED", names=report_id)
    again = client.submit(report_id, reanalyze=True)
    assert again.status_code == 202
    assert client.finished(again.json()["batch_id"])["status"] == "COMPLETED"


def test_a_batch_that_is_unknown_or_somebody_elses(service: Service, client: Client) -> None:
    other = service.client()
    foreign = other.submitted(other.uploaded())
    unknown = str(uuid4())
    answers = [client.batch(batch_id).json() for batch_id in (foreign, unknown)]
    for batch_id in (foreign, unknown):
        problem(client.batch(batch_id), 404, "BATCH_NOT_FOUND")
        problem(client.batch(batch_id, as_of="2026-03-03T12:00:00Z"), 404, "BATCH_NOT_FOUND")
    one, other_one = (
        json.dumps(answer | {"timestamp": ""}).replace(foreign, "ID").replace(unknown, "ID") for answer in answers
    )
    assert one == other_one, "nobody can tell somebody else's batch from one that does not exist"


def test_an_analysis_that_does_not_exist_yet(idle: Service) -> None:
    client = idle.client()
    problem(client.http.get(f"/v1/reports/{client.uploaded()}/analysis"), 409, "ANALYSIS_NOT_READY")


def test_an_idempotency_key_with_another_body(client: Client) -> None:
    one, two = client.uploaded(), client.uploaded()
    key = {"Idempotency-Key": "k1"}
    first = client.submit(one, headers=key)
    again = client.submit(one, headers=key)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    problem(client.submit(two, headers=key), 422, "IDEMPOTENCY_KEY_REUSED")


def test_an_idempotency_key_whose_first_request_is_still_running(idle: Service) -> None:
    client = idle.client()
    report_id = client.uploaded()
    with psycopg.connect(idle.database.admin_url) as connection:
        connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('key ' || %s::uuid::text || ' k1', 0))", [client.user_id]
        )
        answer = client.submit(report_id, headers={"Idempotency-Key": "k1"})
        problem(answer, 409, "IDEMPOTENCY_KEY_IN_FLIGHT")
        assert answer.headers["retry-after"]
    assert client.submit(report_id, headers={"Idempotency-Key": "k1"}).status_code == 202


def test_too_many_requests(service: Service) -> None:
    client, other = service.client(Tier.BASIC), service.client(Tier.BASIC)
    answers = [client.http.get("/v1/reports") for _ in range(61)]
    assert [answer.status_code for answer in answers[:60]] == [200] * 60
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers[:3]] == ["59", "58", "57"]
    problem(answers[60], 429, "RATE_LIMIT_EXCEEDED")
    assert answers[60].headers["x-ratelimit-limit"] == "60"
    assert 0 < int(answers[60].headers["retry-after"]) <= 60
    assert int(answers[60].headers["x-ratelimit-reset"]) > 0
    assert other.http.get("/v1/reports").status_code == 200


@pytest.mark.parametrize(("tier", "limit"), [(Tier.BASIC, 2), (Tier.PRO, 5)])
def test_too_many_unfinished_batches(idle: Service, tier: Tier, limit: int) -> None:
    client = idle.client(tier)
    for _ in range(limit):
        client.submitted(client.uploaded())
    answer = client.submit(client.uploaded())
    problem(answer, 429, "ACTIVE_BATCH_LIMIT_EXCEEDED", names=f"allows {limit} unfinished")
    assert answer.headers["retry-after"]


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04rest of a zip", b"\x89PNG\r\n\x1a\n", b"text\x00with zeros", b"\xd0\xcf\x11\xe0"]
)
def test_a_file_of_an_unsupported_kind(client: Client, content: bytes) -> None:
    problem(client.upload(content, name="report.pdf"), 415, "UNSUPPORTED_FORMAT")


@pytest.mark.parametrize("name", ["company", "fiscal_period"])
def test_text_that_cannot_be_stored(client: Client, name: str) -> None:
    found = problem(client.upload(TEXT, **{name: "a\x00b"}), 422, "VALIDATION_ERROR")
    assert [entry["field"] for entry in found["errors"]] == [name]


@pytest.mark.parametrize("roles", [7, True, "auditor", {"auditor": 1}, [["auditor"]], None])
def test_roles_that_are_none_are_no_roles(service: Service, roles: object) -> None:
    claims = {**GOOD_CLAIMS, "sub": str(uuid4()), "roles": roles, "exp": datetime.now(UTC) + timedelta(hours=1)}
    token = jwt.encode(claims, SECRET, algorithm="HS256")
    assert service.http(token).get("/v1/reports").status_code == 200
    assert service.container.tokens().verify(token).roles == frozenset()


def test_an_empty_file(client: Client) -> None:
    problem(client.upload(b""), 422, "EMPTY_FILE")


def test_a_form_without_file_or_type(client: Client) -> None:
    answer = client.http.post("/v1/reports/upload", data={"report_type": "20-F"})
    found = problem(answer, 422, "VALIDATION_ERROR")
    assert {entry["field"] for entry in found["errors"]} == {"file", "report_type"}


class TestLargeFiles:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"max_upload_bytes": 200_000})

    @pytest.fixture
    def client(self, own_service: Service) -> Client:
        return own_service.client()

    def test_a_file_that_says_it_is_too_large(self, client: Client) -> None:
        assert client.upload(b"a" * 200_000).status_code == 201
        problem(client.upload(b"a" * 200_001), 413, "FILE_TOO_LARGE")
        problem(client.upload(b"a" * 2_000_000), 413, "FILE_TOO_LARGE")

    def test_a_file_that_turns_out_to_be_too_large(self, client: Client) -> None:
        def endless() -> Iterator[bytes]:
            yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="r"\r\n\r\n'
            for _ in range(100):
                yield b"a" * 10_000

        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        answer = client.http.post("/v1/reports/upload", content=endless(), headers=headers)
        problem(answer, 413, "FILE_TOO_LARGE")


def test_a_json_body_that_is_too_large(client: Client) -> None:
    answer = client.http.post("/v1/reports/batch", content=b" " * 1_100_000)
    problem(answer, 413, "FILE_TOO_LARGE")


def test_the_database_is_away(own_service: Service) -> None:
    client = own_service.client()
    report_id = client.uploaded()
    asks: list[Callable[[], httpx.Response]] = [
        lambda: client.http.get("/v1/reports"),
        lambda: client.submit(report_id),
        lambda: client.upload(),
        lambda: client.batch(str(uuid4())),
    ]
    with database_away(own_service.database):
        for ask in asks:
            answer = ask()
            problem(answer, 503, "SERVICE_UNAVAILABLE")
            assert answer.headers["retry-after"]
            assert answer.elapsed < timedelta(seconds=5)
        assert own_service.http().get("/health/live").status_code == 200
        assert own_service.http().get("/health/ready").status_code == 503
    eventually(lambda: own_service.http().get("/health/ready").is_success)
    assert client.finished(client.submitted(report_id))["status"] == "COMPLETED"


def test_the_database_does_not_answer(tmp_path: Path) -> None:
    """Frozen, not gone: connections stand, nothing comes back on them."""
    with EmbeddedPostgres(tmp_path / "pg") as embedded:
        migrate(embedded.admin_url)
        database = Database(embedded.url, embedded.admin_url)
        with running(database, settings_in(tmp_path)) as service:
            client = service.client()
            report_id = client.uploaded()
            frozen = [pid for pid, _ in database_processes(tmp_path / "pg") if is_postgres(pid)]
            try:
                for pid in frozen:
                    os.kill(pid, signal.SIGSTOP)
                for _ in range(3):
                    answer = client.submit(report_id)
                    problem(answer, 503, "SERVICE_UNAVAILABLE")
                    assert answer.elapsed < timedelta(seconds=5)
            finally:
                for pid in frozen:
                    os.kill(pid, signal.SIGCONT)
            eventually(lambda: service.http().get("/health/ready").is_success)
            assert client.finished(client.submitted(report_id))["status"] == "COMPLETED"


def is_postgres(pid: int) -> bool:
    return "postgres" in os.readlink(f"/proc/{pid}/exe")


def test_a_route_that_does_not_exist_or_takes_another_method(client: Client) -> None:
    problem(client.http.get("/v1/nothing"), 404, "NOT_FOUND")
    problem(client.http.delete("/v1/reports"), 405, "METHOD_NOT_ALLOWED")
