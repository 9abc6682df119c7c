"""Clients read their reports, analyses and batches, and wait for changes."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import uuid4

import httpx
import pytest
import uvicorn

from application.ports.tokens import Identity
from domain.tiers import Tier
from entrypoints.container import Container, Database
from entrypoints.serve import listening_socket, running_server
from entrypoints.settings import Settings
from tests.support.builders import TEXT
from tests.support.running_service import Client, Service, eventually

HTML = b"<html><body><p>" + TEXT + b"</p></body></html>"


def test_an_upload_is_answered_with_the_stored_report(client: Client) -> None:
    answer = client.upload(HTML, name="x.txt", company="Example Inc.", fiscal_period="FY2025", filing_date="2026-02-28")
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/reports/{body['report_id']}"
    assert body | {"report_id": "", "created_at": ""} == {
        "report_id": "",
        "processing_status": "PENDING",
        "report_type": "10-K",
        "format": "html",
        "size": len(HTML),
        "company": "Example Inc.",
        "fiscal_period": "FY2025",
        "filing_date": "2026-02-28",
        "created_at": "",
    }
    assert client.http.get(answer.headers["location"]).json() == body


def test_reports_are_listed_in_pages_newest_first(client: Client) -> None:
    ids = [client.uploaded() for _ in range(5)]
    first = client.http.get("/v1/reports", params={"limit": 3}).json()
    second = client.http.get("/v1/reports", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [report["report_id"] for report in first["reports"] + second["reports"]] == ids[::-1]
    assert second["next_cursor"] is None


def test_an_analysis_has_exactly_the_documented_fields(client: Client) -> None:
    report_id = client.uploaded(HTML)
    client.finished(client.submitted(report_id))
    body = client.http.get(f"/v1/reports/{report_id}/analysis").json()
    assert body["report_id"] == report_id
    assert body["analysis"].keys() == {
        "optimism_score",
        "optimism_confidence",
        "risk_score",
        "risk_confidence",
        "uncertainty_score",
        "uncertainty_confidence",
        "low_confidence",
        "key_themes",
        "risk_indicators",
        "narrative_sections",
        "financial_metrics",
        "processing_time_seconds",
        "model_version",
        "warnings",
    }


def test_a_batch_is_read_as_of_an_instant(client: Client) -> None:
    batch_id = client.submitted(client.uploaded())
    finished = client.finished(batch_id)
    now = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    assert client.batch(batch_id, as_of=now).json() == finished
    assert client.batch(batch_id, as_of="2020-01-01T00:00:00Z").status_code == 404
    assert client.batch(batch_id, as_of="2020-01-01T00:00:00").status_code == 422


def test_wait_is_answered_at_once_if_the_batch_has_finished_and_else_when_the_time_is_up(
    client: Client, idle: Service
) -> None:
    batch_id = client.submitted(client.uploaded())
    assert client.finished(batch_id)["status"] == "COMPLETED"
    began = time.monotonic()
    assert client.batch(batch_id, wait=30).status_code == 200
    assert time.monotonic() - began < 5, "a finished batch must be answered at once"
    idle_client = idle.client()
    began = time.monotonic()
    assert idle_client.batch(idle_client.submitted(idle_client.uploaded()), wait=0.5).json()["status"] == "PENDING"
    assert 0.4 < time.monotonic() - began < 5
    assert client.batch(batch_id, wait=61).status_code == 422


def test_a_matching_etag_is_answered_with_304(client: Client) -> None:
    batch_id = client.submitted(client.uploaded())
    client.finished(batch_id)
    answer = client.batch(batch_id)
    path = answer.url.path
    etag = answer.headers["etag"]
    for matching in (etag, f"W/{etag}", f'"1", {etag}', "*"):
        assert client.http.get(path, headers={"If-None-Match": matching}).status_code == 304
    assert client.http.get(path, headers={"If-None-Match": '"1"'}).status_code == 200


def test_a_waiting_client_is_answered_when_the_service_stops(database: Database, settings: Settings) -> None:
    container = Container(settings=settings, database_url=database.url)
    identity = Identity(user_id=uuid4(), tier=Tier.ENTERPRISE)
    authorization = {"Authorization": f"Bearer {container.tokens().issue(identity, timedelta(hours=1))}"}
    with ThreadPoolExecutor() as pool, listening_socket("127.0.0.1", 0) as bound:
        with running_server(container, bound, run_worker=False) as url:
            client = Client(httpx.Client(base_url=url, headers=authorization, timeout=30), identity.user_id)
            batch_id = client.submitted(client.uploaded())
            waiting = pool.submit(client.batch, batch_id, wait=60)
            requests = count(4)  # upload, submit, the waiting request, then one for each check that it has arrived
            eventually(lambda: requests_used(client.batch(batch_id)) == next(requests))
        assert waiting.result().json()["status"] == "PENDING"
        client.http.close()


def test_a_request_before_the_service_is_ready_waits_for_it(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected, run = threading.Event(), uvicorn.Server.run

    def run_late(server: uvicorn.Server, sockets: list[socket.socket]) -> None:
        connected.wait()
        run(server, sockets)

    monkeypatch.setattr(uvicorn.Server, "run", run_late)
    container = Container(settings=settings, database_url=database.url)
    with listening_socket("127.0.0.1", 0) as bound, running_server(container, bound, run_worker=False):
        try:
            early = socket.create_connection(bound.getsockname(), timeout=30)
        finally:
            connected.set()
        with early:
            early.sendall(b"GET /health/live HTTP/1.0\r\n\r\n")
            assert b" 200 " in early.makefile("rb").readline()


def requests_used(answer: httpx.Response) -> int:
    return int(answer.headers["x-ratelimit-limit"]) - int(answer.headers["x-ratelimit-remaining"])


def test_batches_are_listed_by_status(client: Client) -> None:
    batch_id = client.submitted(client.uploaded())
    client.finished(batch_id)
    for status, expected in (("COMPLETED", [batch_id]), ("FAILED", [])):
        listed = client.http.get("/v1/reports/batch", params={"status": status}).json()["batches"]
        assert [batch["batch_id"] for batch in listed] == expected


def test_a_request_id_is_echoed_and_made_up_if_there_is_none(client: Client, service: Service) -> None:
    request_id = str(uuid4())
    answer = client.submit(client.uploaded(), headers={"X-Request-ID": request_id})
    assert answer.headers["x-request-id"] == request_id
    assert client.http.get("/v1/reports").headers["x-request-id"] != request_id
