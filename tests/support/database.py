"""Connections to a test's database for what the service itself may not do."""

from typing import Any

import psycopg

from entrypoints.container import Database


def execute_as_superuser(database: Database, *statements: str) -> None:
    """Execute statements that the database would refuse from the service: triggers are off."""
    with psycopg.connect(database.admin_url, autocommit=True) as superuser:
        superuser.execute("SET session_replication_role = replica")
        for statement in statements:
            superuser.execute(statement.encode())


def rows_of(database: Database, table: str) -> list[tuple[Any, ...]]:
    """Return every row of a table, ordered by its first column."""
    with psycopg.connect(database.admin_url) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1".encode()).fetchall()
