"""The log, the tree and the read model side by side, read in pages of one snapshot each."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import IsolationLevel

from adapters.postgres.audit.actions import undamaged
from adapters.postgres.batch_jobs import RESULTS, job_from_row
from adapters.postgres.pool import Connection, Pool, translated
from application.audit.ports.audit_source import AuditedBatch, AuditSource
from application.errors import StorageUnavailable
from application.log import StoredEvent
from application.operator_actions import ActionKind
from application.read_model import BatchJob
from sql import query

SMALLEST_PAGE = 10


class PostgresAuditSource(AuditSource):
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def batch(self, batch_id: UUID) -> AuditedBatch:
        (found,) = await self._read([batch_id])
        return found

    async def batches(self, after: UUID | None = None, page: int = 500) -> AsyncIterator[AuditedBatch]:
        """Halve a page that exceeds the database's deadline, and read it again."""
        while True:
            try:
                found = await self._page(after, page)
            except StorageUnavailable:
                if page <= SMALLEST_PAGE:
                    raise
                page //= 2
                continue
            if not found:
                return
            for audited in found:
                yield audited
            after = found[-1].batch_id

    async def _page(self, after: UUID | None, limit: int) -> Sequence[AuditedBatch]:
        with translated():
            async with self._pool.connection() as connection:
                rows = await _rows(connection, "audited_batch_ids", after=after, limit=limit)
        return await self._read([row["batch_id"] for row in rows]) if rows else ()

    async def count(self) -> int:
        with translated():
            async with self._pool.connection() as connection:
                (row,) = await _rows(connection, "count_batches")
        return int(row["batches"])

    async def _read(self, batch_ids: Sequence[UUID]) -> Sequence[AuditedBatch]:
        with translated():
            async with self._pool.connection() as connection:
                await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
                try:
                    async with connection.transaction():
                        return await _read_audited(connection, batch_ids)
                finally:
                    await connection.set_isolation_level(None)


async def _rows(connection: Connection, name: str, **parameters: object) -> Sequence[dict[str, Any]]:
    return await (await connection.execute(query(name), parameters)).fetchall()


async def _read_audited(connection: Connection, batch_ids: Sequence[UUID]) -> Sequence[AuditedBatch]:
    streams: dict[UUID, list[StoredEvent]] = defaultdict(list)
    inserted_behind_checkpoint: dict[UUID, set[int]] = defaultdict(set)
    from_unstarted_transaction: dict[UUID, set[int]] = defaultdict(set)
    ids = list(batch_ids)
    for row in await _rows(connection, "audited_events", batch_ids=ids):
        if row.pop("inserted_behind_checkpoint"):
            inserted_behind_checkpoint[row["batch_id"]].add(row["version"])
        if row.pop("from_unstarted_transaction"):
            from_unstarted_transaction[row["batch_id"]].add(row["version"])
        streams[row["batch_id"]].append(StoredEvent(**row))
    leaves: dict[UUID, dict[int, bytes]] = defaultdict(dict)
    for row in await _rows(connection, "audited_seals", batch_ids=ids):
        leaves[row["batch_id"]][row["version"]] = row["entry"]
    statuses: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    for row in await _rows(connection, "audited_reports", batch_ids=ids):
        statuses[row["batch_id"]][row["report_id"]] = row["processing_status"]
    busy = {row["batch_id"]: set(row["report_ids"]) for row in await _rows(connection, "audited_busy", batch_ids=ids)}
    jobs = {row["batch_id"]: _read_job(row) for row in await _rows(connection, "audited_jobs", batch_ids=ids)}
    removals = list(undamaged(await _rows(connection, "audited_removals", batch_ids=ids)))
    cleaned = [action.data["before"] for _, action in removals if action.kind == ActionKind.CLEANUP]
    archived = [UUID(action.data["before"]) for _, action in removals if action.kind == ActionKind.ARCHIVE]
    erased = {row["batch_id"] for row, action in removals if action.kind == ActionKind.ERASE}
    found = []
    for batch_id in batch_ids:
        job, unreadable = jobs.get(batch_id, (None, None))
        found.append(
            AuditedBatch(
                batch_id=batch_id,
                events=streams[batch_id],
                job=job,
                unreadable=unreadable,
                leaves=leaves[batch_id],
                inserted_behind_checkpoint=inserted_behind_checkpoint[batch_id],
                from_unstarted_transaction=from_unstarted_transaction[batch_id],
                report_statuses=statuses[batch_id],
                busy=busy.get(batch_id, set()),
                cleaned_before=datetime.fromisoformat(max(cleaned)) if cleaned else None,
                erased=batch_id in erased,
                archived=any(batch_id < before for before in archived),
            )
        )
    return found


def _read_job(row: dict[str, Any]) -> tuple[BatchJob | None, str | None]:
    """Return the row, or why it cannot be read: also results that the projector would write differently."""
    try:
        job = job_from_row(row)
    except (ValueError, RecursionError) as wrong:
        return None, str(wrong).splitlines()[0]
    if RESULTS.dump_python(job.results, mode="json") != row["results"]:
        return None, "results are not as the projector writes them"
    return job, None
