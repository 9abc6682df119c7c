"""Queries of clients: they only read, and only what belongs to the user."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from application.errors import AnalysisNotReady, BatchNotFound, ReportNotFound
from application.log import RecordedEvent
from application.ports.codec import EventCodec
from application.ports.read_model import PageAfter
from application.ports.storage import Storage, Transaction
from application.read_model import BatchJob
from application.streams import Stream, decoded, load, load_first, recorded_until
from domain.analysis import NarrativeAnalysis
from domain.reports import Report
from domain.statuses import BatchStatus

FOLDED_AT_ONCE = 200
"""Batches that one round trip loads and folds."""
FOLDED_AT_MOST = 1000
"""Batches that one answer folds."""


class Queries:
    def __init__(self, storage: Storage, codec: EventCodec) -> None:
        self._storage, self._codec = storage, codec

    async def batch(self, user_id: UUID, batch_id: UUID) -> BatchJob:
        """Return the batch's row. Raises BatchNotFound, also for another user's batch."""
        async with self._storage.transaction() as tx:
            job = await tx.batch_jobs.get(batch_id)
        if job is None or job.user_id != user_id:
            raise BatchNotFound(batch_id)
        return job

    async def batch_as_of(self, user_id: UUID, batch_id: UUID, instant: datetime) -> BatchJob:
        """Return what `batch` answered at that instant, computed from the event log.

        Raises BatchNotFound, also for an instant before the submission.
        """
        async with self._storage.transaction() as tx:
            stream = await load(tx.events, self._codec, batch_id, until=instant)
        return _owned(stream, user_id, batch_id).job

    async def batches(
        self, user_id: UUID, *, status: BatchStatus | None, limit: int, after: PageAfter | None
    ) -> tuple[Sequence[BatchJob], PageAfter | None]:
        """Return a page of batches, newest first, and where the next page begins; None after the last."""
        async with self._storage.transaction() as tx:
            page = await tx.batch_jobs.page(user_id, status=status, limit=limit + 1, after=after)
        last = page[limit - 1] if len(page) > limit else None
        following = None if last is None else PageAfter(created_at=last.created_at, batch_id=last.batch_id)
        return page[:limit], following

    async def batches_as_of(
        self,
        user_id: UUID,
        instant: datetime | None,
        *,
        status: BatchStatus | None,
        limit: int,
        after: PageAfter | None,
    ) -> tuple[Sequence[BatchJob], PageAfter | None]:
        """Return what `batches` answered at that instant (None: now), computed from the event log.

        A page may hold fewer than `limit` batches before the end: an answer folds a thousand batches at most, however
        few of them have the status.
        """
        matching: list[BatchJob] = []
        size = limit + 1 if status is None else FOLDED_AT_ONCE
        for _ in range(FOLDED_AT_MOST // FOLDED_AT_ONCE):
            async with self._storage.transaction() as tx:
                page = await tx.events.submitted(user_id, until=instant, after=after, limit=size)
                streams = await tx.events.streams([each.batch_id for each in page])
            for each in page:
                job = decoded(self._codec, recorded_until(instant, streams[each.batch_id])).job
                if status in (None, job.status):
                    if len(matching) == limit:
                        return matching, after
                    matching.append(job)
                after = each
            if len(page) < size:
                return matching, None
        return matching, after

    async def submitted(self, user_id: UUID, batch_id: UUID) -> RecordedEvent:
        """Return the first event of the batch, which a receipt proves.

        Raises BatchNotFound, also for another user's batch.
        """
        async with self._storage.transaction() as tx:
            stream = await load_first(tx.events, self._codec, batch_id)
        return _owned(stream, user_id, batch_id).events[0]

    async def report(self, user_id: UUID, report_id: UUID) -> Report:
        """Return the report. Raises ReportNotFound, also for another user's report."""
        async with self._storage.transaction() as tx:
            return await _owned_report(tx, user_id, report_id)

    async def reports(self, user_id: UUID, *, limit: int, after: UUID | None) -> Sequence[Report]:
        async with self._storage.transaction() as tx:
            return await tx.reports.page(user_id, limit=limit, after=after)

    async def analysis(self, user_id: UUID, report_id: UUID) -> tuple[UUID, NarrativeAnalysis]:
        """Return the report's latest analysis with its id.

        Raises ReportNotFound or AnalysisNotReady.
        """
        async with self._storage.transaction() as tx:
            await _owned_report(tx, user_id, report_id)
            latest = await tx.reports.latest_analysis(report_id)
        if latest is None:
            raise AnalysisNotReady(report_id)
        return latest


def _owned(stream: Stream, user_id: UUID, batch_id: UUID) -> Stream:
    if not stream.events or stream.job.user_id != user_id:
        raise BatchNotFound(batch_id)
    return stream


async def _owned_report(tx: Transaction, user_id: UUID, report_id: UUID) -> Report:
    report = await tx.reports.get(report_id)
    if report is None or report.user_id != user_id:
        raise ReportNotFound(report_id)
    return report
