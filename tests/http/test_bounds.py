"""Every bound, flooded: the service refuses or waits, nobody hangs, and all is well afterwards."""

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

AT_ONCE = 40
FEW = 2
SOON = timedelta(seconds=5)


@pytest.fixture
def narrow(database: Database, tmp_path: Path) -> Iterator[Service]:
    """An API that has two connections to the database."""
    with running(database, settings_in(tmp_path, database_pool_size=FEW), worker=False) as service:
        yield service


@contextmanager
def locked(database: Database, user_id: UUID) -> Iterator[None]:
    """Somebody holds the lock that a user's submits take, and does not let go."""
    with psycopg.connect(database.url) as connection:
        connection.execute(query("lock_user"), {"user_id": user_id})
        yield


def connections(database: Database, condition: str) -> int:
    counted = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND "
    )
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        row = connection.execute((counted + condition).encode()).fetchone()
    return int(row[0]) if row else 0


def most_connections(database: Database, over: threading.Event) -> int:
    """The most connections of the service at any look, until it is over."""
    most = 0
    while not over.is_set():
        most = max(most, connections(database, "application_name = 'fna-batch'"))
    return most


def test_more_requests_than_connections_wait_their_turn(narrow: Service) -> None:
    clients = [narrow.client() for _ in range(AT_ONCE)]
    over = threading.Event()
    with ThreadPoolExecutor(AT_ONCE + 1) as threads:
        watching = threads.submit(most_connections, narrow.database, over)
        answers = list(threads.map(lambda client: client.upload(), clients))
        over.set()
    assert Counter(answer.status_code for answer in answers) == {201: AT_ONCE}
    assert watching.result() == FEW


def test_a_request_that_gets_no_connection_is_refused_soon_and_the_next_is_served(narrow: Service) -> None:
    waiting, other = narrow.client(), narrow.client()
    report_ids = [waiting.uploaded() for _ in range(FEW + 2)]
    with locked(narrow.database, waiting.user_id), ThreadPoolExecutor(FEW + 2) as threads:
        answers = list(threads.map(waiting.submit, report_ids))
    for answer in answers:
        refused_soon(answer)
    assert other.submitted(other.uploaded())
    assert waiting.submitted(*report_ids)


def test_a_lock_that_nobody_gives_up_holds_up_nobody_else(narrow: Service) -> None:
    waiting, other = narrow.client(), narrow.client()
    report_id = waiting.uploaded()
    with locked(narrow.database, waiting.user_id):
        refused_soon(waiting.submit(report_id))
        assert connections(narrow.database, "wait_event_type = 'Lock'") == 0, "nothing waits for it in the server"
        assert other.submitted(other.uploaded())
    assert waiting.submitted(report_id)


async def test_a_transaction_that_is_left_alone_is_ended_by_the_server(database: Database, tmp_path: Path) -> None:
    """As that of a process which was frozen with locks in its hands."""
    user_id = UUID(int=7)
    frozen = Container(settings=settings_in(tmp_path, database_deadline_s=0.2), database_url=database.url)
    async with frozen.pool():
        with pytest.raises(psycopg.Error):
            async with frozen.pool().connection() as connection, connection.transaction():
                await connection.execute(query("lock_user"), {"user_id": user_id})
                with psycopg.connect(database.url) as other:  # blocks the loop, as freezing would
                    other.execute(query("lock_user"), {"user_id": user_id})
                await connection.execute("SELECT 1")
        async with frozen.pool().connection() as fresh:
            await fresh.execute("SELECT 1")


async def test_conflicts_are_tried_again_a_bounded_number_of_times(container: Container) -> None:
    tries: list[Transaction] = []

    async def always_too_late(tx: Transaction) -> None:
        tries.append(tx)
        raise Conflict

    with pytest.raises(Conflict):
        await in_transaction(container.storage().transaction, always_too_late)
    assert len(tries) == CONFLICT_RETRIES + 1


def refused_soon(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["error_code"]) == (503, "SERVICE_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) > 0
    assert answer.elapsed < SOON
