"""Answers for clients: they read the read model, and only what belongs to the asker."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from application.errors import AnalysisNotReady, BatchNotFound, ReportNotFound
from application.log import RecordedEvent
from application.ports.codec import EventCodec
from application.ports.read_model import PageAfter
from application.ports.storage import Storage, Transaction
from application.read_model import BatchJob, project_all
from domain.analysis import NarrativeAnalysis
from domain.reports import Report
from domain.statuses import BatchStatus

LOOKED_AT = 200
"""Batches that are folded at a time; MOST_LOOKED_AT for one answer."""
MOST_LOOKED_AT = 1000


class Queries:
    def __init__(self, storage: Storage, codec: EventCodec) -> None:
        self._storage, self._codec = storage, codec

    async def batch(self, user_id: UUID, batch_id: UUID) -> BatchJob:
        """Raises BatchNotFound, also for somebody else's batch."""
        async with self._storage.transaction() as tx:
            job = await tx.batch_jobs.get(batch_id)
        if job is None or job.user_id != user_id:
            raise BatchNotFound(batch_id)
        return job

    async def batch_as_of(self, user_id: UUID, batch_id: UUID, instant: datetime) -> BatchJob:
        """What `batch` answered at that instant, told by the log.

        Raises BatchNotFound, also for an instant before the submission.
        """
        async with self._storage.transaction() as tx:
            stored = await tx.events.read(batch_id)
        stream = [self._codec.decode(event) for event in stored if event.recorded_at <= instant]
        if not stream or (job := project_all(stream)).user_id != user_id:
            raise BatchNotFound(batch_id)
        return job

    async def batches(
        self, user_id: UUID, *, status: BatchStatus | None, limit: int, after: PageAfter | None
    ) -> tuple[Sequence[BatchJob], PageAfter | None]:
        """The newest first, and where to go on; nothing where there are no more."""
        async with self._storage.transaction() as tx:
            found = await tx.batch_jobs.page(user_id, status=status, limit=limit + 1, after=after)
        last = found[limit - 1] if len(found) > limit else None
        more = None if last is None else PageAfter(created_at=last.created_at, batch_id=last.batch_id)
        return found[:limit], more

    async def batches_as_of(
        self,
        user_id: UUID,
        instant: datetime | None,
        *,
        status: BatchStatus | None,
        limit: int,
        after: PageAfter | None,
    ) -> tuple[Sequence[BatchJob], PageAfter | None]:
        """What `batches` answered at that instant (without one: now), told by the log, and where to go on.

        Fewer than `limit` do not mean the end: after a thousand that have another status it is time to answer.
        """
        found: list[BatchJob] = []
        size = limit + 1 if status is None else LOOKED_AT
        for _ in range(MOST_LOOKED_AT // LOOKED_AT):
            async with self._storage.transaction() as tx:
                page = await tx.events.submitted(user_id, until=instant, after=after, limit=size)
                streams = await tx.events.streams([each.batch_id for each in page])
            for each in page:
                known = [event for event in streams[each.batch_id] if instant is None or event.recorded_at <= instant]
                job = project_all(map(self._codec.decode, known))
                if status in (None, job.status):
                    if len(found) == limit:
                        return found, after
                    found.append(job)
                after = each
            if len(page) < size:
                return found, None
        return found, after

    async def submitted(self, user_id: UUID, batch_id: UUID) -> RecordedEvent:
        """The first event of the batch, which a receipt proves.

        Raises BatchNotFound, also for somebody else's batch.
        """
        async with self._storage.transaction() as tx:
            stream = await tx.events.read(batch_id)
        first = [self._codec.decode(stored) for stored in stream[:1]]
        if not first or project_all(first).user_id != user_id:
            raise BatchNotFound(batch_id)
        return first[0]

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
