"""Log and read model side by side, read in pages of one snapshot each."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from psycopg import IsolationLevel

from adapters.postgres.batch_jobs import job_from_row
from adapters.postgres.pool import Pool, translated
from application.log import StoredEvent
from application.ports.audit_source import AuditedBatch, AuditSource
from sql import query

PAGE = 500
BEFORE_ALL = UUID(int=0)


class PostgresAuditSource(AuditSource):
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def batch(self, batch_id: UUID) -> AuditedBatch:
        (found,) = await self._read([batch_id])
        return found

    async def batches(self) -> AsyncIterator[AuditedBatch]:
        after = BEFORE_ALL
        while True:
            with translated():
                async with self._pool.connection() as connection:
                    asked = {"after": after, "limit": PAGE}
                    cursor = await connection.execute(query("audited_batch_ids"), asked)
                    page = [row["batch_id"] for row in await cursor.fetchall()]
            if not page:
                return
            for audited in await self._read(page):
                yield audited
            after = page[-1]

    async def count(self) -> int:
        with translated():
            async with self._pool.connection() as connection:
                row = await (await connection.execute(query("count_batches"))).fetchone()
        return int(row["batches"]) if row else 0

    async def _read(self, batch_ids: Sequence[UUID]) -> Sequence[AuditedBatch]:
        asked = {"batch_ids": list(batch_ids)}
        with translated():
            async with self._pool.connection() as connection:
                await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
                try:
                    async with connection.transaction():
                        events = await (await connection.execute(query("audited_events"), asked)).fetchall()
                        jobs = await (await connection.execute(query("audited_jobs"), asked)).fetchall()
                finally:
                    await connection.set_isolation_level(None)
        streams: dict[UUID, list[StoredEvent]] = defaultdict(list)
        for row in events:
            streams[row["batch_id"]].append(StoredEvent(**row))
        rows = {row["batch_id"]: row for row in jobs}
        return [_side_by_side(batch_id, streams[batch_id], rows.get(batch_id)) for batch_id in batch_ids]


def _side_by_side(batch_id: UUID, events: Sequence[StoredEvent], row: dict[str, Any] | None) -> AuditedBatch:
    try:
        return AuditedBatch(batch_id=batch_id, events=events, job=None if row is None else job_from_row(row))
    except ValueError as wrong:
        return AuditedBatch(batch_id=batch_id, events=events, job=None, unreadable=str(wrong))
