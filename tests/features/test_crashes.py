"""The service is killed and started again: a real process, SIGKILL and PostgreSQL."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from pytest_bdd import given, parsers, scenarios, then, when

from application.ports.tokens import Identity
from domain.tiers import Tier
from entrypoints.container import Container, Database
from entrypoints.settings import Settings
from tests.support.builders import TEXT
from tests.support.running_service import Client, eventually
from tests.support.service_processes import ServiceProcess

scenarios("crash_and_restart.feature")

LONG = b"\n\n".join(b"In region %d it was so. " % region + TEXT for region in range(6000))
HEARTBEAT_S = "20"
"""Longer than a restart takes: a batch that finishes earlier did not wait for its lease to expire."""


@pytest.fixture
def container(database: Database, settings: Settings) -> Container:
    return Container(settings=settings, database_url=database.url)


@pytest.fixture
def process(database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[ServiceProcess]:
    options = ["--no-worker"] if "before anything was done" in request.node.name.replace("_", " ") else []
    started = ServiceProcess(database, tmp_path, *options, heartbeat_timeout_s=HEARTBEAT_S)
    yield started
    started.close()


@pytest.fixture
def client(process: ServiceProcess, container: Container) -> Iterator[Client]:
    identity = Identity(user_id=uuid4(), tier=Tier.ENTERPRISE)
    token = container.tokens().issue(identity, timedelta(hours=1))
    with httpx.Client(base_url=process.url, headers={"Authorization": f"Bearer {token}"}, timeout=30) as http:
        yield Client(http, identity.user_id)


@given("a running service", target_fixture="running")
@given("a running service that works on no batches", target_fixture="running")
def _(process: ServiceProcess) -> ServiceProcess:
    return process


@given(parsers.parse("an analyst has submitted a batch of {count:d} long reports"), target_fixture="batch_id")
def _(client: Client, count: int) -> str:
    return client.submitted(*(client.uploaded(LONG) for _ in range(count)))


@when(parsers.parse("{count:d} report is done"))
def _(client: Client, batch_id: str, count: int) -> None:
    eventually(lambda: len(client.batch(batch_id).json()["results"]) >= count)


@when("the service is killed without warning")
def _(running: ServiceProcess) -> None:
    running.kill()


@when("the service is asked to stop", target_fixture="exit_code")
def _(running: ServiceProcess) -> int:
    return running.stop()


@when("the service is started again")
@then("the service is started again")
def _(running: ServiceProcess) -> None:
    running.start_again()


@then(parsers.parse("it ends with exit code {expected:d}"))
def _(exit_code: int, expected: int) -> None:
    assert exit_code == expected


@then(parsers.parse('the batch ends with status "{status}", {successful:d} successful and {failed:d} failed'))
def _(client: Client, batch_id: str, status: str, successful: int, failed: int) -> None:
    body = client.finished(batch_id)
    assert (body["status"], body["successful"], body["failed"]) == (status, successful, failed)


@then("every report has exactly one outcome and one analysis")
def _(database: Database, batch_id: str) -> None:
    with psycopg.connect(database.url) as connection:
        outcomes = connection.execute(
            "SELECT data ->> 'report_id', data ->> 'analysis_id' FROM batch_events "
            "WHERE batch_id = %s AND type IN ('ReportSucceeded', 'ReportFailed') ORDER BY 1",
            [batch_id],
        ).fetchall()
        analyses = connection.execute(
            "SELECT report_id::text, analysis_id::text FROM narrative_analyses WHERE batch_id = %s ORDER BY 1",
            [batch_id],
        ).fetchall()
    assert outcomes == analyses
    assert len({report_id for report_id, _ in outcomes}) == len(outcomes)


@then("the log tells of a second start")
def _(database: Database, batch_id: str) -> None:
    with psycopg.connect(database.url) as connection:
        starts = connection.execute(
            "SELECT data ->> 'worker_id' FROM batch_events WHERE batch_id = %s AND type = 'Started'", [batch_id]
        ).fetchall()
    assert len(set(starts)) == len(starts) == 2


@then("the audit finds nothing wrong")
def _(container: Container, batch_id: str) -> None:
    async def verify() -> list[object]:
        async with container.pool():
            return [finding async for _, found in container.batch_audit().batches() for finding in found]

    assert asyncio.run(verify()) == []
    assert UUID(batch_id)
