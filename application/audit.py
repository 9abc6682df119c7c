"""The audit: what happened to a batch, and whether log and read model can be believed."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from uuid import UUID

from application.log import NO_HASH, RecordedEvent, StoredEvent
from application.ports.audit_source import AuditedBatch, AuditSource
from application.ports.codec import EventCodec
from application.ports.edges import Clock
from application.read_model import BatchJob, ReportResult, project_all
from domain.well_formed import misplaced


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: with which batch, at which version (null: in the read model), and what."""

    batch_id: UUID
    version: int | None
    problem: str


class Audit:
    """`retention`: rows of batches processed longer ago than this may be gone from the read model."""

    def __init__(self, source: AuditSource, codec: EventCodec, clock: Clock, retention: timedelta) -> None:
        self._source, self._codec, self._clock, self._retention = source, codec, clock, retention

    async def history(self, batch_id: UUID) -> Sequence[RecordedEvent]:
        """The events of a batch, by version; empty where there is no such batch."""
        return [self._codec.decode(stored) for stored in (await self._source.batch(batch_id)).events]

    async def verify(self, batch_id: UUID | None = None) -> AsyncIterator[tuple[UUID, Sequence[Finding]]]:
        """Each batch with what is wrong with it, one batch or all."""
        if batch_id is not None:
            yield batch_id, self._check(await self._source.batch(batch_id))
            return
        async for audited in self._source.batches():
            yield audited.batch_id, self._check(audited)

    def _check(self, audited: AuditedBatch) -> Sequence[Finding]:
        found = list(_broken_chain(audited.events))
        stream: list[RecordedEvent] = []
        for stored in audited.events:
            try:
                stream.append(self._codec.decode(stored))
            except ValueError as unreadable:
                found.append(_finding(stored, f"the event cannot be read: {unreadable}"))
        if found:
            return found
        found = [
            Finding(batch_id=audited.batch_id, version=version, problem=problem)
            for version, problem in misplaced(recorded.event for recorded in stream)
        ]
        return found or list(self._drift(audited, stream))

    def _drift(self, audited: AuditedBatch, stream: Sequence[RecordedEvent]) -> Iterator[Finding]:
        expected, actual = project_all(stream) if stream else None, audited.job
        if audited.unreadable is not None:
            problem = f"batch_jobs has a row that cannot be read: {audited.unreadable}"
            yield Finding(batch_id=audited.batch_id, version=None, problem=problem)
        elif expected is None:
            what = "there is no such batch" if actual is None else "batch_jobs has a row, but the log has no event"
            yield Finding(batch_id=audited.batch_id, version=None, problem=what)
        elif actual is None:
            if not _may_be_gone(expected, self._clock() - self._retention):
                yield Finding(batch_id=audited.batch_id, version=None, problem="batch_jobs has no row for it")
        else:
            for name in (field.name for field in fields(BatchJob)):
                is_, should = getattr(actual, name), getattr(expected, name)
                if is_ != should:
                    problem = f"batch_jobs.{name} is {_shown(is_)}, the log says {_shown(should)}"
                    yield Finding(batch_id=audited.batch_id, version=None, problem=problem)


def _may_be_gone(job: BatchJob, before: datetime) -> bool:
    return job.status.is_final and job.processed_at is not None and job.processed_at < before


def _broken_chain(stream: Sequence[StoredEvent]) -> Iterator[Finding]:
    previous: StoredEvent | None = None
    for version, stored in enumerate(stream, start=1):
        if stored.version != version:
            yield _finding(stored, f"version {version} is missing before it")
            return
        if stored.previous_hash != (previous.hash if previous else NO_HASH):
            yield _finding(stored, "it does not link to the hash of the event before it")
        if stored.hash != stored.computed_hash():
            yield _finding(stored, "its content does not match its hash")
        if previous and stored.recorded_at < previous.recorded_at:
            yield _finding(stored, "its time lies before that of the event before it")
        previous = stored


def _finding(stored: StoredEvent, problem: str) -> Finding:
    return Finding(batch_id=stored.batch_id, version=stored.version, problem=problem)


def _shown(value: object) -> str:
    match value:
        case datetime():
            return value.isoformat()
        case tuple():
            return "; ".join(map(_shown, value)) or "empty"
        case ReportResult():
            return f"{value.report_id} {value.status} {value.analysis_id or ' '.join(value.errors)}"
        case _:
            return str(value)
