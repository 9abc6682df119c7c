"""The audit: what happened to a batch, and whether log and read model can be believed."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from application.audit.ports.audit_source import AuditedBatch, AuditSource
from application.errors import EventUnreadable, LogDamaged, UnknownToTheLog
from application.log import NO_HASH, RecordedEvent, StoredEvent
from application.ports.clock import Clock
from application.ports.codec import EventCodec
from application.read_model import BatchJob, ReportResult, differing, project_all
from domain.stream_invariants import violations


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: with which batch, at which version (null: in the read model), and what.

    What concerns the log as a whole names no batch, but the checkpoint (by its size) or the act.
    """

    batch_id: UUID | None = None
    version: int | None = None
    checkpoint: int | None = None
    act_id: UUID | None = None
    problem: str

    def __str__(self) -> str:
        named = (
            ("batch", self.batch_id),
            ("version", self.version),
            ("checkpoint", self.checkpoint),
            ("act", self.act_id),
        )
        about = " ".join(f"{name} {value}" for name, value in named if value is not None)
        return f"{about or 'the log'}: {self.problem}"

    @property
    def about(self) -> str:
        """What is wrong, without what stands there: somebody may have written anything into a row by hand."""
        told = self.problem.partition(":")[0]
        in_a_row = self.version is None and self.batch_id is not None
        return told.partition(" is ")[0].partition(" keeps ")[0] if in_a_row else told


class DamageFound(LogDamaged):
    def __init__(self, found: Sequence[Finding]) -> None:
        self.found = found
        super().__init__(f"The log itself is damaged: {found[0]}; `fna-batch audit verify` says more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """`damage` is what is wrong with the events, whenever they were recorded; `job` is null then."""

    batch_id: UUID
    as_of: datetime | None
    job: BatchJob | None
    events: Sequence[StoredEvent]
    damage: Sequence[Finding]


class BatchAudit:
    """`retention`: rows of batches processed longer ago than this may be gone from the read model."""

    def __init__(self, source: AuditSource, codec: EventCodec, clock: Clock, retention: timedelta) -> None:
        self._source, self._codec, self._clock, self._retention = source, codec, clock, retention

    async def history(self, batch_id: UUID, as_of: datetime | None = None) -> History:
        """The events of a batch as they are stored, up to an instant, and the row that they gave then.

        Raises UnknownToTheLog, also for an instant before the submission; not where all that is known is damage.
        """
        audited = await self._source.batch(batch_id)
        damage = self._damage(audited)
        known = [event for event in audited.events if as_of is None or event.recorded_at <= as_of]
        if not known and not damage:
            raise UnknownToTheLog(batch_id, then=as_of is not None, archived=_in_a_file(audited))
        job = None if damage else project_all(map(self._codec.decode, known))
        return History(batch_id=batch_id, as_of=as_of, job=job, events=known, damage=damage)

    async def intact(self, batch_id: UUID) -> AuditedBatch:
        """A batch that can be built upon.

        Raises UnknownToTheLog, or DamageFound where its events are not what was recorded and sealed.
        """
        audited = await self._source.batch(batch_id)
        if damage := self._damage(audited):
            raise DamageFound(damage)
        if not audited.events:
            raise UnknownToTheLog(batch_id, archived=_in_a_file(audited))
        return audited

    def _damage(self, audited: AuditedBatch) -> Sequence[Finding]:
        return [finding for finding in self.check(audited) if finding.version is not None]

    async def verify(self, batch_id: UUID | None = None) -> AsyncIterator[tuple[UUID, Sequence[Finding]]]:
        """Each batch with what is wrong with it, one batch or all."""
        if batch_id is not None:
            yield batch_id, self.check(await self._source.batch(batch_id))
            return
        async for audited in self._source.batches():
            yield audited.batch_id, self.check(audited)

    async def verify_from(
        self, after: UUID | None, limit: int
    ) -> tuple[Sequence[tuple[UUID, Sequence[Finding]]], UUID | None]:
        """Up to `limit` batches with higher ids, and the id to go on from, null after the last."""
        found: list[tuple[UUID, Sequence[Finding]]] = []
        async for audited in self._source.batches(after, page=limit + 1):
            if len(found) == limit:
                return found, found[-1][0]
            found.append((audited.batch_id, self.check(audited)))
        return found, None

    @property
    def kept_since(self) -> datetime:
        """Rows of batches processed earlier may be gone from the read model."""
        return self._clock() - self._retention

    def expected(self, audited: AuditedBatch) -> BatchJob | None:
        """The row that the log gives; null where it gives none, or where retention or erasure keep it away.

        Raises ValueError for a stream that cannot be read.
        """
        if audited.erased or not audited.events:
            return None
        job = self.projected(audited)
        gone = audited.job is None and audited.unreadable is None
        return None if gone and self._may_be_gone(job, audited) else job

    def projected(self, audited: AuditedBatch) -> BatchJob:
        """The row that its events give, whether it has a place in the read model or not.

        Raises ValueError for a stream that gives none.
        """
        return project_all(self._codec.decode(stored) for stored in audited.events)

    def check(self, audited: AuditedBatch) -> Sequence[Finding]:
        """What is wrong with one batch: its chain and seals, else its stream, else the read model."""
        if _in_a_file(audited):
            return list(_in_spite_of_the_archive(audited))
        found = [*_broken_chain(audited.events), *_broken_seals(audited)]
        stream: list[RecordedEvent] = []
        for stored in audited.events:
            try:
                stream.append(self._codec.decode(stored))
            except EventUnreadable as unreadable:
                found.append(_finding(stored, f"the event cannot be read: {unreadable.why}"))
        if found:
            return found
        found = [
            Finding(batch_id=audited.batch_id, version=version, problem=problem)
            for version, problem in violations(recorded.event for recorded in stream)
        ]
        return found or [
            Finding(batch_id=audited.batch_id, problem=problem) for problem in self._drift(audited, stream)
        ]

    def _drift(self, audited: AuditedBatch, stream: Sequence[RecordedEvent]) -> Iterator[str]:
        expected, actual = project_all(stream) if stream else None, audited.job
        if audited.unreadable is not None:
            yield f"batch_jobs has a row that cannot be read: {audited.unreadable}"
        elif expected is None:
            yield _without_events(audited)
        elif audited.erased:
            if actual is not None:
                yield "batch_jobs has a row, but its owner's data were erased"
            elif not expected.status.is_final:
                yield "batch_jobs has no row for it: an erasure names it, but did not cancel it first"
        elif actual is None:
            if not self._may_be_gone(expected, audited):
                yield "batch_jobs has no row for it"
        else:
            yield from differences(actual, expected)
        if expected is not None:
            yield from _wrong_statuses(audited, expected)
            busy = set() if expected.status.is_final else set(expected.report_ids)
            if audited.busy not in (None, busy):
                yield f"busy_reports keeps {shown_ids(audited.busy)} busy for it, the log says {shown_ids(busy)}"

    def _may_be_gone(self, job: BatchJob, audited: AuditedBatch) -> bool:
        before = self.kept_since
        if audited.cleaned_before is not None:
            before = max(before, audited.cleaned_before)
        return job.status.is_final and job.processed_at is not None and job.processed_at < before


def _in_a_file(audited: AuditedBatch) -> bool:
    return bool(audited.archived and audited.leaves and not audited.events)


def _in_spite_of_the_archive(audited: AuditedBatch) -> Iterator[Finding]:
    if audited.job is not None or audited.unreadable is not None:
        yield Finding(batch_id=audited.batch_id, problem="batch_jobs has a row, but its events were archived")
    if audited.busy:
        problem = f"busy_reports keeps {shown_ids(audited.busy)} busy for it, but its events were archived"
        yield Finding(batch_id=audited.batch_id, problem=problem)


def differences(actual: BatchJob, expected: BatchJob) -> Iterator[str]:
    """Field by field."""
    for name, (is_, should) in differing(actual, expected).items():
        yield f"batch_jobs.{name} is {shown(is_)}, the log says {shown(should)}"


def _wrong_statuses(audited: AuditedBatch, expected: BatchJob) -> Iterator[str]:
    should = expected.report_statuses()
    for report_id, is_ in audited.report_statuses.items():
        if is_ != should.get(report_id, is_):
            yield f"financial_reports.processing_status of {report_id} is {is_}, the log says {should[report_id]}"


def _without_events(audited: AuditedBatch) -> str:
    if audited.job is not None:
        return "batch_jobs has a row, but the log has no event"
    if audited.busy:
        return f"busy_reports keeps {shown_ids(audited.busy)} busy for it, but the log has no event"
    return "there is no such batch"


def shown_ids(ids: Iterable[UUID] | None) -> str:
    return " ".join(sorted(map(str, ids or ()))) or "nothing"


def _broken_seals(audited: AuditedBatch) -> Iterator[Finding]:
    hashes = {stored.version: stored.hash for stored in audited.events}
    for version, entry in sorted(audited.leaves.items()):
        if version not in hashes:
            problem = "the event was sealed, and is gone"
        elif hashes[version] != entry:
            problem = "it is not the event that was sealed"
        else:
            continue
        yield Finding(batch_id=audited.batch_id, version=version, problem=problem)
    for version in sorted(audited.inserted_behind_checkpoint):
        problem = "it stands before what is sealed, but is not sealed itself: it was inserted, or moved, afterwards"
        yield Finding(batch_id=audited.batch_id, version=version, problem=problem)
    for version in sorted(audited.from_unstarted_transaction):
        problem = "its transaction has not begun: it was changed, or comes from another cluster (docs/event-log.md)"
        yield Finding(batch_id=audited.batch_id, version=version, problem=problem)


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


def shown(value: object) -> str:
    match value:
        case datetime():
            return value.isoformat()
        case tuple():
            return "; ".join(map(shown, value)) or "empty"
        case ReportResult():
            return f"{value.report_id} {value.status} {value.analysis_id or ' '.join(value.errors)}"
        case _:
            return str(value)
