"""Explaining a batch: its status and the event that set it, the next step, and the command that speeds it up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from application.audit.batch_audit import BatchAudit
from application.audit.findings import Finding, drift_among
from application.audit.ports.audit_source import AuditedBatch
from application.log import RecordedEvent
from application.ports.clock import Clock
from application.ports.storage import Storage
from application.ports.submissions import QueueEntry
from application.streams import Stream
from domain import events
from domain.batch import Batch
from domain.statuses import BatchStatus

RECONCILED_WITHIN = timedelta(seconds=10)
SPENT = " The next report has no attempt left: the next holder fails it as ANALYSIS_CRASHED, and goes on."


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next step, when it happens at the latest if that is known, and the command that makes it happen now."""

    next_step: str
    when: datetime | None = None
    command: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A batch as it stands.

    `set_by` is the event that set the status; `holder` is the worker that started the batch last, at `since`;
    `last_heard_of` is its latest heartbeat; `drift` is where the read model differs from the log.
    """

    batch_id: UUID
    status: BatchStatus
    set_by: RecordedEvent
    holder: str | None
    since: datetime | None
    last_heard_of: datetime | None
    reports_left: int
    attempt: int
    attempts_left: int
    next_step: str
    when: datetime | None
    command: str | None
    drift: Sequence[Finding]


class ExplainBatch:
    def __init__(
        self, storage: Storage, audit: BatchAudit, clock: Clock, max_attempts: int, heartbeat_timeout: timedelta
    ) -> None:
        self._storage, self._audit, self._clock = storage, audit, clock
        self._max_attempts, self._timeout = max_attempts, heartbeat_timeout

    async def __call__(self, batch_id: UUID) -> Explanation:
        """Explain the batch. Raises UnknownToTheLog, DamageFound or StorageUnavailable."""
        async with self._storage.transaction() as tx:
            entry = await tx.queue.entry(batch_id)
        audited = await self._audit.intact(batch_id)
        stream = self._audit.stream(audited)
        batch, started = stream.batch, _last_start(stream)
        drift = drift_among(self._audit.check(audited))
        step = self._step(audited, batch, entry, drift)
        working = not batch.finished and started is not None
        return Explanation(
            batch_id=batch_id,
            status=batch.status,
            set_by=_set_by(stream, batch.status),
            holder=batch.worker_id if working else None,
            since=started.recorded_at if working and started else None,
            last_heard_of=entry.heartbeat if entry and entry.holder else None,
            reports_left=0 if batch.finished else len(batch.pending),
            attempt=batch.attempt,
            attempts_left=0 if batch.finished else max(0, self._max_attempts - batch.attempt),
            next_step=step.next_step,
            when=step.when,
            command=step.command,
            drift=drift,
        )

    def _step(self, audited: AuditedBatch, batch: Batch, entry: QueueEntry | None, drift: Sequence[Finding]) -> Step:
        batch_id = audited.batch_id
        rebuild = f"fna-batch audit rebuild --batch {batch_id}"
        if batch.finished:
            return _step_when_finished(audited, batch, rebuild if drift else None)
        redispatch = f"fna-batch redispatch {batch_id} --reason '…'"
        if entry is None and (audited.job is None or audited.job.status.is_final):
            step = (
                "Nothing happens on its own: the batch is not in the queue, and its row was removed or changed by hand."
            )
            return Step(next_step=step, command=rebuild)
        if entry is None:
            when = self._clock() + RECONCILED_WITHIN
            step = "The batch is not in the queue: any running worker will enqueue it again."
            return Step(next_step=step, when=when, command=redispatch)
        if entry.holder is None:
            return self._step_when_queued(entry, redispatch)
        return self._step_when_held(batch, entry, entry.holder, redispatch)

    def _step_when_queued(self, entry: QueueEntry, redispatch: str) -> Step:
        if entry.not_before > self._clock():
            step = "The batch waits after an error; then the next free worker claims it."
            return Step(next_step=step, when=entry.not_before, command=redispatch)
        return Step(next_step="The next free worker claims the batch.", command="fna-batch worker")

    def _step_when_held(self, batch: Batch, entry: QueueEntry, holder: str, redispatch: str) -> Step:
        lease_expires_at = entry.heartbeat + self._timeout
        spent = "" if batch.attempt < self._max_attempts else SPENT
        if lease_expires_at <= self._clock():
            step = f"Its worker {holder} sends no heartbeat any more: any other worker takes the batch over.{spent}"
            return Step(next_step=step, when=lease_expires_at, command="fna-batch worker")
        step = f"Worker {holder} goes on with the batch; if its heartbeats stop, another worker takes over.{spent}"
        return Step(next_step=step, when=lease_expires_at, command=redispatch)


def _step_when_finished(audited: AuditedBatch, batch: Batch, rebuild: str | None) -> Step:
    if audited.erased:
        return Step(next_step="Nothing more: its owner's data was erased, and only the log knows the batch.")
    if rebuild:
        return Step(next_step="Nothing happens on its own: the read model was changed by hand.", command=rebuild)
    step = "Nothing more: a finished batch never changes."
    if audited.job is None:
        step += " Retention removed its row from batch_jobs: a status request needs as_of."
    return Step(next_step=step, command=f"fna-batch retry {audited.batch_id}" if batch.failed else None)


def _last_start(stream: Stream) -> RecordedEvent | None:
    starts = (recorded for recorded in reversed(stream.events) if isinstance(recorded.event, events.Started))
    return next(starts, None)


def _set_by(stream: Stream, status: BatchStatus) -> RecordedEvent:
    """Return the event that set the status: `Submitted`, the first `Started`, or `Finished`."""
    if status is BatchStatus.PROCESSING:
        return next(recorded for recorded in stream.events if isinstance(recorded.event, events.Started))
    return stream.events[-1] if status.is_final else stream.events[0]
