"""Repairing rows of the read model, and removing them."""

from datetime import datetime
from uuid import UUID

from adapters.postgres.batch_jobs import job_to_row
from adapters.postgres.pool import Connection
from application.operations.ports.read_model_repair import ReadModelRepair
from application.read_model import BatchJob
from sql import query


class PostgresReadModelRepair(ReadModelRepair):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock(self, batch_id: UUID) -> None:
        await self._connection.execute(query("lock_batch_job"), {"batch_id": batch_id})

    async def hold(self, job: BatchJob) -> None:
        await self._connection.execute(query("ensure_batch_job"), job_to_row(job))
        await self.lock(job.batch_id)

    async def restore(self, job: BatchJob) -> None:
        execute = self._connection.execute
        await execute(query("save_batch_job"), job_to_row(job))
        await execute(query("release_reports"), {"batch_id": job.batch_id})
        await self.restore_statuses(job)

    async def restore_statuses(self, job: BatchJob) -> None:
        """Lock the reports first, so that statuses written by concurrent transactions are seen."""
        execute, statuses = self._connection.execute, job.report_statuses()
        rows = {"batch_id": job.batch_id, "report_ids": list(statuses)}
        await execute(query("restore_busy_reports"), rows)
        await execute(query("lock_reports"), {"report_ids": list(statuses)})
        decided = rows | {"statuses": list(map(str, statuses.values()))}
        await execute(query("restore_report_statuses"), decided)
        if job.status.is_final:
            await execute(query("release_reports"), {"batch_id": job.batch_id})

    async def remove(self, batch_id: UUID) -> None:
        await self._connection.execute(query("remove_batch_job"), {"batch_id": batch_id})
        await self._connection.execute(query("release_reports"), {"batch_id": batch_id})

    async def remove_processed(self, before: datetime, limit: int) -> int:
        parameters = {"before": before, "limit": limit}
        return (await self._connection.execute(query("remove_processed"), parameters)).rowcount

    async def count_processed(self, before: datetime) -> int:
        row = await (await self._connection.execute(query("count_processed"), {"before": before})).fetchone()
        return int(row["processed"]) if row else 0

    async def keep_erasure_out(self) -> None:
        await self._connection.execute(query("keep_erasure_out"))
