"""Figures about the database for operators, each set in one query."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from adapters.postgres.migrations import revision_of
from sql import query


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """`server_version` is PostgreSQL's number (150004 is 15.4); `waiting` and `running` count batches in the queue."""

    server_version: int
    read_only: bool
    revision: str | None
    may_change_events: bool = False
    triggers_off: int = 0
    waiting: int = 0
    running: int = 0
    oldest_waiting_s: float | None = None
    oldest_unsealed_s: float | None = None


def statistics(database_url: str) -> dict[str, Any]:
    """Return counts by status, of the queue and of the log, and ages in seconds.

    Raises psycopg.Error.
    """
    with psycopg.connect(database_url, connect_timeout=3, row_factory=dict_row) as connection:
        return connection.execute(query("statistics")).fetchone() or {}


def inspect(database_url: str, heartbeat_timeout: float) -> Inspection:
    """Inspect the database. A batch without a heartbeat for `heartbeat_timeout` seconds does not count as running.

    Raises psycopg.Error if the database cannot be reached.
    """
    revision = revision_of(database_url)
    with psycopg.connect(database_url, connect_timeout=3, row_factory=dict_row) as connection:
        version = connection.info.server_version
        state: dict[str, Any] = connection.execute(query("readiness")).fetchone() or {}
        seen = Inspection(server_version=version, read_only=bool(state.get("read_only")), revision=revision)
        if revision is None:
            return seen
        parameters = {"heartbeat_timeout": timedelta(seconds=heartbeat_timeout)}
        row: dict[str, Any] = connection.execute(query("inspection"), parameters).fetchone() or {}
    return Inspection(server_version=version, read_only=seen.read_only, revision=revision, **row)
