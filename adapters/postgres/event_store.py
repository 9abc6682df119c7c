"""The event log in `batch_events`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from adapters.postgres.pool import Connection
from application.errors import SealedAlready, WrongExpectedVersion
from application.log import GlobalPosition, StoredEvent
from application.ports.event_store import EventStore
from application.ports.read_model import PageAfter
from sql import query

VERSION_TAKEN = "_pkey"
"""The end of the primary key's name, of the table and of each of its partitions."""
LEAVES_A_GAP = "FB001"
AFTER_FINISHED = "FB002"
OUT_OF_ORDER = "FB007"
SEALED_ALREADY = "FB008"


class PostgresEventStore(EventStore):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def append(self, streams: Sequence[Sequence[StoredEvent]]) -> Sequence[WrongExpectedVersion | None]:
        """Append all streams in one statement; if the database refuses one, append each on its own."""
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
            taken = (error.diag.constraint_name or "").endswith(VERSION_TAKEN)
            if taken or error.sqlstate in (LEAVES_A_GAP, AFTER_FINISHED, OUT_OF_ORDER):
                return WrongExpectedVersion(rows[0].batch_id, rows[0].version - 1)
            if error.sqlstate == SEALED_ALREADY and len(streams) == 1:
                raise SealedAlready(rows[0].batch_id, rows[0].version) from error
            raise
        return None

    async def read(self, batch_id: UUID) -> Sequence[StoredEvent]:
        cursor = await self._connection.execute(query("read_stream"), {"batch_id": batch_id})
        return [StoredEvent(**row) for row in await cursor.fetchall()]

    async def streams(self, batch_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[StoredEvent]]:
        cursor = await self._connection.execute(query("read_streams"), {"batch_ids": list(batch_ids)})
        streams: dict[UUID, list[StoredEvent]] = {batch_id: [] for batch_id in batch_ids}
        for row in await cursor.fetchall():
            streams[row["batch_id"]].append(StoredEvent(**row))
        return streams

    async def submitted(
        self, user_id: UUID, *, until: datetime | None, after: PageAfter | None, limit: int
    ) -> Sequence[PageAfter]:
        parameters = {
            "user_id": user_id,
            "until": until,
            "limit": limit,
            "after_created_at": after and after.created_at,
            "after_batch_id": after and after.batch_id,
        }
        cursor = await self._connection.execute(query("submitted_by"), parameters)
        return [PageAfter(**row) for row in await cursor.fetchall()]

    async def log(self, after: GlobalPosition, limit: int) -> Sequence[tuple[GlobalPosition, StoredEvent]]:
        parameters = {"transaction_id": str(after[0]), "position": after[1], "limit": limit}
        cursor = await self._connection.execute(query("log_after"), parameters)
        return [
            ((int(row.pop("transaction_id")), row.pop("position")), StoredEvent(**row))
            for row in await cursor.fetchall()
        ]


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
