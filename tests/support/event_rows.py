"""Rows of `batch_events` written by plain SQL, and the errors by which the database refuses them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from application.log import NO_HASH
from tests.support.database import Connection

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
REPORT, OTHER_REPORT = str(UUID(int=0xA1)), str(UUID(int=0xA2))
INSERT = """
INSERT INTO batch_events
    (batch_id, version, type, schema_version, data, metadata, recorded_at, previous_hash, hash)
VALUES (%(batch_id)s, %(version)s, %(type)s, 1, %(data)s, '{}', %(at)s, %(previous)s, %(hash)s)
"""

# SQLSTATEs of PostgreSQL.
UNIQUE, CHECK, FORBIDDEN = "23505", "23514", "42501"
# SQLSTATEs of the triggers on the log.
GAP, FINISHED, UNLINKED, BACKWARDS = "FB001", "FB002", "FB003", "FB004"
APPEND_ONLY, CHOSEN, OUT_OF_ORDER = "FB005", "FB006", "FB007"


def refused(sqlstate: str) -> Any:
    """Expect that the database refuses what follows with this SQLSTATE."""
    return pytest.raises(psycopg.Error, check=lambda error: getattr(error, "sqlstate", None) == sqlstate)


def hash_of(version: int) -> bytes:
    """Return the hash that `append` gives to the event of this version."""
    return bytes([version]) * 32


def append(
    connection: Connection,
    batch_id: UUID,
    version: int,
    type_: str,
    *,
    at: datetime = NOW,
    previous: bytes | None = None,
    **data: str,
) -> None:
    """Insert an event that links to the one before, unless `previous` is another hash."""
    link = hash_of(version - 1) if version > 1 else NO_HASH
    row = {
        "batch_id": batch_id,
        "version": version,
        "type": type_,
        "data": Jsonb(data),
        "at": at,
        "previous": link if previous is None else previous,
        "hash": hash_of(version),
    }
    connection.execute(INSERT, row)


def first_row(**changes: object) -> dict[str, object]:
    """Return the parameters of INSERT for the `Submitted` of a new batch."""
    row: dict[str, object] = {
        "batch_id": uuid4(),
        "version": 1,
        "type": "Submitted",
        "data": Jsonb({}),
        "at": NOW,
        "previous": NO_HASH,
        "hash": hash_of(1),
    }
    return row | changes
