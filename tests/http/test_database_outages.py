"""While the database is unreachable or unresponsive, the API answers 503 within seconds; afterwards it recovers."""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx

from adapters.embedded.server import EmbeddedPostgres
from entrypoints.container import Database, migrate
from tests.conftest import settings_in
from tests.support.problems import expect_problem
from tests.support.process_table import database_processes
from tests.support.running_service import Service, database_away, eventually, running

DEADLINE = timedelta(seconds=5)


def test_an_unreachable_database_is_answered_with_503_until_it_is_back(own_service: Service) -> None:
    client = own_service.client()
    report_id = client.uploaded()
    requests: list[Callable[[], httpx.Response]] = [
        lambda: client.http.get("/v1/reports"),
        lambda: client.submit(report_id),
        lambda: client.upload(),
        lambda: client.batch(str(uuid4())),
    ]
    with database_away(own_service.database):
        for request in requests:
            answer = request()
            expect_problem(answer, 503, "SERVICE_UNAVAILABLE")
            assert answer.headers["retry-after"]
            assert answer.elapsed < DEADLINE
        assert own_service.http().get("/health/live").status_code == 200
        assert own_service.http().get("/health/ready").status_code == 503
    eventually(lambda: own_service.http().get("/health/ready").is_success)
    assert client.finished(client.submitted(report_id))["status"] == "COMPLETED"


def test_a_frozen_database_is_answered_with_503_within_the_deadline(tmp_path: Path) -> None:
    """Connections to a frozen database stay open, and no answer comes back on them."""
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
                    expect_problem(answer, 503, "SERVICE_UNAVAILABLE")
                    assert answer.elapsed < DEADLINE
            finally:
                for pid in frozen:
                    os.kill(pid, signal.SIGCONT)
            eventually(lambda: service.http().get("/health/ready").is_success)
            assert client.finished(client.submitted(report_id))["status"] == "COMPLETED"


def is_postgres(pid: int) -> bool:
    return "postgres" in os.readlink(f"/proc/{pid}/exe")
