"""Connections to a test's database beside those of the service, for what the service itself may not do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from entrypoints.container import Database
from tests.support.running_service import eventually

Connection = psycopg.Connection[Any]


@contextmanager
def owner_connection(database: Database) -> Iterator[Connection]:
    """Connect as the owner of the tables. Each statement commits at once; triggers are on."""
    with psycopg.connect(database.admin_url, autocommit=True) as owner:
        yield owner


@contextmanager
def service_connection(database: Database) -> Iterator[Connection]:
    """Connect with the privileges of the service. Each statement commits at once."""
    with psycopg.connect(database.url, autocommit=True) as service:
        yield service


@contextmanager
def superuser_connection(database: Database) -> Iterator[Connection]:
    """Connect with triggers switched off: the database accepts any change. Each statement commits at once."""
    with owner_connection(database) as superuser:
        superuser.execute("SET session_replication_role = replica")
        yield superuser


@contextmanager
def open_transaction(database: Database) -> Iterator[Connection]:
    """Begin a transaction that already has an id, so its rows would come before those of later transactions."""
    with psycopg.connect(database.admin_url) as slow:
        slow.execute("SELECT pg_current_xact_id()")
        yield slow


def execute_as_superuser(database: Database, *statements: str) -> None:
    """Execute statements with triggers switched off."""
    with superuser_connection(database) as superuser:
        for statement in statements:
            superuser.execute(statement.encode())


def rows_of(database: Database, table: str) -> list[tuple[Any, ...]]:
    """Return every row of a table, ordered by its first column."""
    with owner_connection(database) as owner:
        return owner.execute(f"SELECT * FROM {table} ORDER BY 1".encode()).fetchall()


def wait_for_blocked_session(database: Database, locktype: str, table: str | None = None) -> None:
    """Return as soon as a session waits for a lock of this type, on this table if one is given."""
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = %s AND coalesce(relation = %s::regclass, true)"
    with owner_connection(database) as owner:
        eventually(lambda: owner.execute(waiting.encode(), [locktype, table]).fetchone())
