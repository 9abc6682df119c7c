"""Answers for clients: they read the read model, and only what belongs to the asker."""

from collections.abc import Sequence
from uuid import UUID

from application.errors import AnalysisNotReady, BatchNotFound, ReportNotFound
from application.ports.read_model import PageAfter
from application.ports.storage import Storage, Transaction
from application.read_model import BatchJob
from domain.analysis import NarrativeAnalysis
from domain.reports import Report
from domain.statuses import BatchStatus


class Queries:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def batch(self, user_id: UUID, batch_id: UUID) -> BatchJob:
        """Raises BatchNotFound, also for somebody else's batch."""
        async with self._storage.transaction() as tx:
            job = await tx.batch_jobs.get(batch_id)
        if job is None or job.user_id != user_id:
            raise BatchNotFound(batch_id)
        return job

    async def batches(
        self, user_id: UUID, *, status: BatchStatus | None, limit: int, after: PageAfter | None
    ) -> Sequence[BatchJob]:
        async with self._storage.transaction() as tx:
            return await tx.batch_jobs.page(user_id, status=status, limit=limit, after=after)

    async def report(self, user_id: UUID, report_id: UUID) -> Report:
        """Raises ReportNotFound, also for somebody else's report."""
        async with self._storage.transaction() as tx:
            return await _own(tx, user_id, report_id)

    async def reports(self, user_id: UUID, *, limit: int, after: UUID | None) -> Sequence[Report]:
        async with self._storage.transaction() as tx:
            return await tx.reports.page(user_id, limit=limit, after=after)

    async def analysis(self, user_id: UUID, report_id: UUID) -> tuple[UUID, NarrativeAnalysis]:
        """The report's latest analysis with its id.

        Raises ReportNotFound or AnalysisNotReady.
        """
        async with self._storage.transaction() as tx:
            await _own(tx, user_id, report_id)
            found = await tx.reports.latest_analysis(report_id)
        if found is None:
            raise AnalysisNotReady(report_id)
        return found


async def _own(tx: Transaction, user_id: UUID, report_id: UUID) -> Report:
    report = await tx.reports.get(report_id)
    if report is None or report.user_id != user_id:
        raise ReportNotFound(report_id)
    return report
