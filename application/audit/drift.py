"""Comparing the read model with the log, field by field."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from application.audit.findings import Finding, FindingKind, Table
from application.audit.ports.audit_source import AuditedBatch
from application.read_model import BatchJob, ReportResult, differing
from application.streams import Stream


def drift_of(audited: AuditedBatch, stream: Stream, *, kept_since: datetime) -> Iterator[Finding]:
    """Yield each difference between the read model and an undamaged stream.

    Retention may have removed rows of batches processed before `kept_since`.
    """
    if audited.unreadable is not None:
        yield _row_drift(audited, f"batch_jobs has a row that cannot be read: {audited.unreadable}")
    elif not stream.events:
        yield _without_events(audited)
    elif audited.erased:
        yield from _drift_after_erasure(audited, stream.job)
    elif audited.job is None:
        if not retention_may_have_removed(stream.job, audited, kept_since):
            yield _row_drift(audited, "batch_jobs has no row for it")
    else:
        yield from _differences(audited, audited.job, stream.job)
    if stream.events:
        yield from _drift_of_statuses(audited, stream.job)
        yield from _busy_reports_drift(audited, stream.job)


def drift_after_archive(audited: AuditedBatch) -> Iterator[Finding]:
    """Yield what the read model still holds of a batch whose events are in an archive file alone."""
    if audited.job is not None or audited.unreadable is not None:
        yield _row_drift(audited, "batch_jobs has a row, but its events were archived")
    if audited.busy:
        yield _busy_drift(audited, "but its events were archived")


def retention_may_have_removed(job: BatchJob, audited: AuditedBatch, kept_since: datetime) -> bool:
    """Return whether retention may have removed the row."""
    before = max(kept_since, audited.cleaned_before or kept_since)
    return job.status.is_final and job.processed_at is not None and job.processed_at < before


def shown(value: object) -> str:
    """Return a value of a row as text for people."""
    match value:
        case datetime():
            return value.isoformat()
        case tuple():
            return "; ".join(map(shown, value)) or "empty"
        case ReportResult():
            return f"{value.report_id} {value.status} {value.analysis_id or ' '.join(value.errors)}"
        case _:
            return str(value)


def _drift_after_erasure(audited: AuditedBatch, expected: BatchJob) -> Iterator[Finding]:
    if audited.job is not None:
        yield _row_drift(audited, "batch_jobs has a row, but its owner's data was erased")
    elif not expected.status.is_final:
        yield _row_drift(
            audited, "batch_jobs has no row for it: an erasure names this batch, but did not cancel it first"
        )


def _differences(audited: AuditedBatch, actual: BatchJob, expected: BatchJob) -> Iterator[Finding]:
    for name, (is_, should_be) in differing(actual, expected).items():
        problem = f"batch_jobs.{name} is {shown(is_)}, but the log says {shown(should_be)}"
        yield _row_drift(audited, problem, column=name)


def _drift_of_statuses(audited: AuditedBatch, expected: BatchJob) -> Iterator[Finding]:
    statuses = expected.report_statuses()
    for report_id, status in audited.report_statuses.items():
        if status != statuses.get(report_id, status):
            column = f"financial_reports.processing_status of {report_id}"
            problem = f"{column} is {status}, but the log says {statuses[report_id]}"
            yield Finding(
                kind=FindingKind.DRIFT,
                table=Table.FINANCIAL_REPORTS,
                column="processing_status",
                batch_id=audited.batch_id,
                problem=problem,
            )


def _busy_reports_drift(audited: AuditedBatch, expected: BatchJob) -> Iterator[Finding]:
    busy = set() if expected.status.is_final else set(expected.report_ids)
    if audited.busy not in (None, busy):
        yield _busy_drift(audited, f"but the log says {_shown_ids(busy)}")


def _without_events(audited: AuditedBatch) -> Finding:
    if audited.job is not None:
        return _row_drift(audited, "batch_jobs has a row, but the log has no event")
    if audited.busy:
        return _busy_drift(audited, "but the log has no event")
    return Finding(
        kind=FindingKind.UNKNOWN_BATCH,
        table=Table.BATCH_EVENTS,
        batch_id=audited.batch_id,
        problem="there is no such batch",
    )


def _row_drift(audited: AuditedBatch, problem: str, column: str | None = None) -> Finding:
    return Finding(
        kind=FindingKind.DRIFT, table=Table.BATCH_JOBS, column=column, batch_id=audited.batch_id, problem=problem
    )


def _busy_drift(audited: AuditedBatch, contradiction: str) -> Finding:
    return Finding(
        kind=FindingKind.DRIFT,
        table=Table.BUSY_REPORTS,
        batch_id=audited.batch_id,
        problem=f"busy_reports lists {_shown_ids(audited.busy)} as busy for it, {contradiction}",
    )


def _shown_ids(ids: Iterable[UUID] | None) -> str:
    return " ".join(sorted(map(str, ids or ()))) or "nothing"
