"""The read model: `batch_jobs`, `busy_reports` and `financial_reports.processing_status`."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from adapters.postgres.pool import Connection
from application.errors import ReportsTaken
from application.ports.read_model import BatchJobs, PageAfter
from application.read_model import BatchJob, ReportResult
from domain.statuses import BatchStatus
from sql import query

RESULTS = TypeAdapter(tuple[ReportResult, ...])
REPORT_IS_BUSY = "busy_reports_pkey"


class PostgresBatchJobs(BatchJobs):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, job: BatchJob) -> None:
        execute = self._connection.execute
        if job.version == 1:
            try:
                await execute(query("reserve_reports"), {"batch_id": job.batch_id, "report_ids": list(job.report_ids)})
            except psycopg.errors.UniqueViolation as error:
                if error.diag.constraint_name != REPORT_IS_BUSY:
                    raise
                raise ReportsTaken from error
        await execute(query("save_batch_job"), job_to_row(job))
        statuses = job.report_statuses()
        await execute(
            query("save_report_statuses"), {"report_ids": list(statuses), "statuses": list(map(str, statuses.values()))}
        )
        if job.status.is_final:
            await execute(query("release_reports"), {"batch_id": job.batch_id})

    async def get(self, batch_id: UUID) -> BatchJob | None:
        cursor = await self._connection.execute(query("batch_job"), {"batch_id": batch_id})
        row = await cursor.fetchone()
        return None if row is None else job_from_row(row)

    async def page(
        self, user_id: UUID, *, status: BatchStatus | None, limit: int, after: PageAfter | None
    ) -> Sequence[BatchJob]:
        parameters = {
            "user_id": user_id,
            "status": status,
            "limit": limit,
            "after_created_at": after and after.created_at,
            "after_batch_id": after and after.batch_id,
        }
        cursor = await self._connection.execute(query("batch_jobs_page"), parameters)
        return [job_from_row(row) for row in await cursor.fetchall()]

    async def count_active(self, user_id: UUID) -> int:
        cursor = await self._connection.execute(query("count_active_batches"), {"user_id": user_id})
        row = await cursor.fetchone()
        return int(row["active"]) if row else 0


def job_to_row(job: BatchJob) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(job, name) for name in BatchJob.__dataclass_fields__}
    results = RESULTS.dump_python(job.results, mode="json")
    return row | {"results": Jsonb(results), "report_ids": list(job.report_ids), "status": str(job.status)}


def job_from_row(row: dict[str, Any]) -> BatchJob:
    """Return a row of the table as a BatchJob.

    Raises ValueError for a row that was edited by hand into something that no batch can have.
    """
    return BatchJob(
        **row
        | {
            "status": BatchStatus(row["status"]),
            "results": RESULTS.validate_python(row["results"]),
            "report_ids": tuple(row["report_ids"]),
        }
    )
