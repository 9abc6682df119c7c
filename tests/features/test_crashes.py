"""The service is killed and started again: a real process, SIGKILL and PostgreSQL."""

import asyncio
from collections.abc import Callable, Iterator
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

StartService = Callable[..., ServiceProcess]

LONG = b"\n\n".join(b"In region %d it was so. " % region + TEXT for region in range(6000))
HEARTBEAT_S = "20"
"""Longer than a restart takes: a batch that finishes earlier did not wait for its lease to expire."""


@pytest.fixture
def container(database: Database, settings: Settings) -> Container:
    return Container(settings=settings, database_url=database.url)


@pytest.fixture
def start_service(database: Database, tmp_path: Path) -> Iterator[StartService]:
    """Return a function that starts the service with options of `fna-batch serve`."""
    started: list[ServiceProcess] = []

    def start(*options: str) -> ServiceProcess:
        started.append(ServiceProcess(database, tmp_path, *options, heartbeat_timeout_s=HEARTBEAT_S))
        return started[-1]

    yield start
    for process in started:
        process.close()


@pytest.fixture
def client(process: ServiceProcess, container: Container) -> Iterator[Client]:
    identity = Identity(user_id=uuid4(), tier=Tier.ENTERPRISE)
    token = container.tokens().issue(identity, timedelta(hours=1))
    with httpx.Client(base_url=process.url, headers={"Authorization": f"Bearer {token}"}, timeout=30) as http:
        yield Client(http, identity.user_id)


@given("a running service", target_fixture="process")
def a_running_service(start_service: StartService) -> ServiceProcess:
    return start_service()


@given("a running service that works on no batches", target_fixture="process")
def a_running_service_without_a_worker(start_service: StartService) -> ServiceProcess:
    return start_service("--no-worker")


@given(parsers.parse("an analyst has submitted a batch of {count:d} long reports"), target_fixture="batch_id")
def an_analyst_has_submitted_a_batch_of_long_reports(client: Client, count: int) -> str:
    return client.submitted(*(client.uploaded(LONG) for _ in range(count)))


@when(parsers.parse("{count:d} report is done"))
def report_is_done(client: Client, batch_id: str, count: int) -> None:
    eventually(lambda: len(client.batch(batch_id).json()["results"]) >= count)


@when("the service is killed without warning")
def the_service_is_killed_without_warning(process: ServiceProcess) -> None:
    process.kill()


@when("the service is told to stop", target_fixture="exit_code")
def the_service_is_told_to_stop(process: ServiceProcess) -> int:
    return process.stop()


@when("the service is started again")
@then("the service is started again")
def the_service_is_started_again(process: ServiceProcess) -> None:
    process.start_again()


@then(parsers.parse("it ends with exit code {expected:d}"))
def it_ends_with_exit_code(exit_code: int, expected: int) -> None:
    assert exit_code == expected


@then(
    parsers.parse('the batch finishes with status "{status}", {successful:d} reports successful and {failed:d} failed')
)
def the_batch_finishes_with_status(client: Client, batch_id: str, status: str, successful: int, failed: int) -> None:
    body = client.finished(batch_id)
    assert (body["status"], body["successful"], body["failed"]) == (status, successful, failed)


@then("every report has exactly one outcome and one analysis")
def every_report_has_exactly_one_outcome_and_one_analysis(database: Database, batch_id: str) -> None:
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


@then("the log shows a second start")
def the_log_shows_a_second_start(database: Database, batch_id: str) -> None:
    with psycopg.connect(database.url) as connection:
        starts = connection.execute(
            "SELECT data ->> 'worker_id' FROM batch_events WHERE batch_id = %s AND type = 'Started'", [batch_id]
        ).fetchall()
    assert len(set(starts)) == len(starts) == 2


@then("the audit reports no findings")
def the_audit_reports_no_findings(container: Container, batch_id: str) -> None:
    async def verify() -> list[object]:
        async with container.pool():
            return [finding async for _, found in container.batch_audit().batches() for finding in found]

    assert asyncio.run(verify()) == []
    assert UUID(batch_id)
