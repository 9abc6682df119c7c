"""`batch_jobs` as a fold of the log: one pure function, used to append, to verify and to replay."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Literal, assert_never
from uuid import UUID

from application.log import RecordedEvent
from domain import events
from domain.statuses import BatchStatus, ReportStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportResult:
    """The outcome of one report. `analysis_id` is None for a failure, `errors` is empty for a success."""

    report_id: UUID
    status: Literal["success", "failed"]
    analysis_id: UUID | None
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """One row of `batch_jobs`. `results` are in the order of `report_ids`; `version` is that of the last event."""

    batch_id: UUID
    user_id: UUID
    status: BatchStatus
    total_reports: int
    successful: int
    failed: int
    report_ids: tuple[UUID, ...]
    results: tuple[ReportResult, ...]
    processed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int

    def report_statuses(self) -> dict[UUID, ReportStatus]:
        """Return `financial_reports.processing_status` of each report, as this batch determines it."""
        statuses = dict.fromkeys(self.report_ids, ReportStatus.PENDING)
        for result in self.results:
            statuses[result.report_id] = ReportStatus.COMPLETED if result.status == "success" else ReportStatus.FAILED
        if self.status is BatchStatus.PROCESSING and len(self.results) < len(self.report_ids):
            statuses[self.report_ids[len(self.results)]] = ReportStatus.PROCESSING
        return statuses


def differing(one: BatchJob, other: BatchJob) -> dict[str, tuple[object, object]]:
    """Return the fields in which the rows differ, with both values."""
    pairs = ((each.name, (getattr(one, each.name), getattr(other, each.name))) for each in fields(BatchJob))
    return {name: values for name, values in pairs if values[0] != values[1]}


def project(job: BatchJob | None, recorded: RecordedEvent) -> BatchJob:
    """Return the row after one more event.

    Raises ValueError for a stream that does not begin with `Submitted`.
    """
    event, at = recorded.event, recorded.recorded_at
    if isinstance(event, events.Submitted):
        return BatchJob(
            batch_id=recorded.batch_id,
            user_id=event.user_id,
            status=BatchStatus.PENDING,
            total_reports=len(event.report_ids),
            successful=0,
            failed=0,
            report_ids=event.report_ids,
            results=(),
            processed_at=None,
            created_at=at,
            updated_at=at,
            version=recorded.version,
        )
    if job is None:
        raise ValueError(f"The stream of batch {recorded.batch_id} does not begin with Submitted.")
    job = replace(job, updated_at=at, version=recorded.version)
    match event:
        case events.Started():
            return replace(job, status=BatchStatus.PROCESSING)
        case events.ReportSucceeded():
            result = ReportResult(report_id=event.report_id, status="success", analysis_id=event.analysis_id, errors=())
            return replace(job, results=(*job.results, result), successful=job.successful + 1, processed_at=at)
        case events.ReportFailed():
            result = ReportResult(report_id=event.report_id, status="failed", analysis_id=None, errors=event.errors)
            return replace(job, results=(*job.results, result), failed=job.failed + 1, processed_at=at)
        case events.Finished():
            return replace(job, status=event.status)
        case _:
            assert_never(event)


Projector = Callable[[BatchJob | None, RecordedEvent], BatchJob]


def project_all(stream: Iterable[RecordedEvent], projector: Projector = project) -> BatchJob:
    """Return the row of a whole stream.

    Raises ValueError for an empty stream, and for one that does not begin with `Submitted`.
    """
    job: BatchJob | None = None
    for recorded in stream:
        job = projector(job, recorded)
    if job is None:
        raise ValueError("An empty stream has no row.")
    return job
