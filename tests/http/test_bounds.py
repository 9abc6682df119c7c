"""At each bound the service makes requests wait or refuses them soon, and serves the next ones."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import pytest

from application.errors import Conflict
from application.handler import CONFLICT_RETRIES, in_transaction
from application.ports.storage import Transaction
from entrypoints.container import Container, Database
from sql import query
from tests.conftest import settings_in
from tests.support.running_service import Service, running

REQUESTS_AT_ONCE = 40
CONNECTIONS = 2
DEADLINE = timedelta(seconds=5)


@pytest.fixture
def service(database: Database, tmp_path: Path) -> Iterator[Service]:
    """An API without a worker, with two connections to the database."""
    with running(database, settings_in(tmp_path, database_pool_size=CONNECTIONS), worker=False) as service:
        yield service


@contextmanager
def user_lock_held(database: Database, user_id: UUID) -> Iterator[None]:
    """Hold the lock that the submissions of a user take."""
    with psycopg.connect(database.url) as connection:
        connection.execute(query("lock_user"), {"user_id": user_id})
        yield


def count_connections(database: Database, condition: str) -> int:
    counted = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND "
    )
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        row = connection.execute((counted + condition).encode()).fetchone()
    return int(row[0]) if row else 0


def most_connections(database: Database, stopped: threading.Event) -> int:
    """Count the connections of the service again and again until `stopped`; return the highest count."""
    most = 0
    while not stopped.is_set():
        most = max(most, count_connections(database, "application_name = 'fna-batch'"))
    return most


def test_more_requests_than_connections_wait_and_succeed(service: Service) -> None:
    clients = [service.client() for _ in range(REQUESTS_AT_ONCE)]
    stopped = threading.Event()
    with ThreadPoolExecutor(REQUESTS_AT_ONCE + 1) as threads:
        watching = threads.submit(most_connections, service.database, stopped)
        answers = list(threads.map(lambda client: client.upload(), clients))
        stopped.set()
    assert Counter(answer.status_code for answer in answers) == {201: REQUESTS_AT_ONCE}
    assert watching.result() == CONNECTIONS


def test_a_request_without_a_connection_is_refused_within_the_deadline_and_the_next_is_served(service: Service) -> None:
    waiting, other = service.client(), service.client()
    report_ids = [waiting.uploaded() for _ in range(CONNECTIONS + 2)]
    with user_lock_held(service.database, waiting.user_id), ThreadPoolExecutor(CONNECTIONS + 2) as threads:
        answers = list(threads.map(waiting.submit, report_ids))
    for answer in answers:
        expect_refusal_within_deadline(answer)
    assert other.submitted(other.uploaded())
    assert waiting.submitted(*report_ids)


def test_a_lock_that_is_never_released_delays_only_its_own_user(service: Service) -> None:
    waiting, other = service.client(), service.client()
    report_id = waiting.uploaded()
    with user_lock_held(service.database, waiting.user_id):
        expect_refusal_within_deadline(waiting.submit(report_id))
        assert count_connections(service.database, "wait_event_type = 'Lock'") == 0, (
            "the refused request still waits for the lock in the database"
        )
        assert other.submitted(other.uploaded())
    assert waiting.submitted(report_id)


async def test_a_transaction_that_stays_idle_is_ended_by_the_server(database: Database, tmp_path: Path) -> None:
    """A process that freezes within a transaction must not keep its locks."""
    user_id = UUID(int=7)
    frozen = Container(settings=settings_in(tmp_path, database_deadline_s=0.2), database_url=database.url)
    async with frozen.pool():
        with pytest.raises(psycopg.Error):
            async with frozen.pool().connection() as connection, connection.transaction():
                await connection.execute(query("lock_user"), {"user_id": user_id})
                with psycopg.connect(database.url) as other:  # blocks the event loop, as a freeze does
                    other.execute(query("lock_user"), {"user_id": user_id})
                await connection.execute("SELECT 1")
        async with frozen.pool().connection() as fresh:
            await fresh.execute("SELECT 1")


async def test_conflicts_are_retried_a_bounded_number_of_times(container: Container) -> None:
    attempts: list[Transaction] = []

    async def always_conflict(tx: Transaction) -> None:
        attempts.append(tx)
        raise Conflict

    with pytest.raises(Conflict):
        await in_transaction(container.storage().transaction, always_conflict)
    assert len(attempts) == CONFLICT_RETRIES + 1


def expect_refusal_within_deadline(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["error_code"]) == (503, "SERVICE_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) > 0
    assert answer.elapsed < DEADLINE
