"""The event log in `batch_events`."""

from collections.abc import Sequence
from itertools import chain
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from adapters.postgres.pool import Connection
from application.errors import WrongExpectedVersion
from application.log import StoredEvent
from application.ports.event_store import EventStore
from sql import query

VERSION_TAKEN = "batch_events_pkey"
LEAVES_A_GAP = "FB001"
AFTER_FINISHED = "FB002"


class PostgresEventStore(EventStore):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def append(self, streams: Sequence[Sequence[StoredEvent]]) -> Sequence[WrongExpectedVersion | None]:
        """All streams in one statement; where one is refused, each again on its own."""
        refused = await self._insert(streams)
        if refused is None or len(streams) == 1:
            return [refused] * len(streams)
        return [await self._insert([stream]) for stream in streams]

    async def _insert(self, streams: Sequence[Sequence[StoredEvent]]) -> WrongExpectedVersion | None:
        rows = list(chain.from_iterable(streams))
        if not rows:
            return None
        try:
            async with self._connection.transaction():
                await self._connection.execute(query("append_events"), _columns(rows))
        except psycopg.Error as error:
            taken = error.diag.constraint_name == VERSION_TAKEN
            if taken or error.sqlstate in (LEAVES_A_GAP, AFTER_FINISHED):
                return WrongExpectedVersion(rows[0].batch_id, rows[0].version - 1)
            raise
        return None

    async def read(self, batch_id: UUID) -> Sequence[StoredEvent]:
        cursor = await self._connection.execute(query("read_stream"), {"batch_id": batch_id})
        return [StoredEvent(**row) for row in await cursor.fetchall()]


def _columns(rows: Sequence[StoredEvent]) -> dict[str, list[object]]:
    return {
        "batch_ids": [row.batch_id for row in rows],
        "versions": [row.version for row in rows],
        "types": [row.type for row in rows],
        "schema_versions": [row.schema_version for row in rows],
        "data": [Jsonb(row.data) for row in rows],
        "metadata": [Jsonb(row.metadata) for row in rows],
        "recorded_at": [row.recorded_at for row in rows],
        "previous_hashes": [row.previous_hash for row in rows],
        "hashes": [row.hash for row in rows],
    }
