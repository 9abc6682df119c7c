"""Why a batch stands as it stands, what will happen by itself, and what to do where that should not wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from application.audit.batch_audit import BatchAudit, Finding
from application.audit.ports.audit_source import AuditedBatch
from application.log import RecordedEvent
from application.ports.clock import Clock
from application.ports.codec import EventCodec
from application.ports.storage import Storage
from application.ports.submissions import QueueEntry
from domain import events
from domain.batch import Batch, fold
from domain.statuses import BatchStatus

RECONCILED_WITHIN = timedelta(seconds=10)
SPENT = " The attempts of the next report are spent: whoever takes over fails it as ANALYSIS_CRASHED, and goes on."


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`set_by` is the event that set the status; `holder` works on the batch since `since`, as the log has it.

    `drift` is what the read model says otherwise.
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


class Explain:
    def __init__(
        self,
        storage: Storage,
        codec: EventCodec,
        audit: BatchAudit,
        clock: Clock,
        max_attempts: int,
        heartbeat_timeout: timedelta,
    ) -> None:
        self._storage, self._codec, self._audit, self._clock = storage, codec, audit, clock
        self._max_attempts, self._timeout = max_attempts, heartbeat_timeout

    async def __call__(self, batch_id: UUID) -> Explanation:
        """Raises UnknownToTheLog, DamageFound or StorageUnavailable."""
        async with self._storage.transaction() as tx:
            entry = await tx.queue.entry(batch_id)
        audited = await self._audit.intact(batch_id)
        stream = [self._codec.decode(event) for event in audited.events]
        batch = fold(recorded.event for recorded in stream)
        started = _last_start(stream)
        drift = [finding for finding in self._audit.check(audited) if finding.version is None]
        next_step, when, command = self._next(audited, batch, entry, bool(drift))
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
            next_step=next_step,
            when=when,
            command=command,
            drift=drift,
        )

    def _next(
        self, audited: AuditedBatch, batch: Batch, entry: QueueEntry | None, drift: bool
    ) -> tuple[str, datetime | None, str | None]:
        now, batch_id = self._clock(), audited.batch_id
        rebuild = f"fna-batch audit rebuild --batch {batch_id}"
        if batch.finished and audited.erased:
            return "Nothing more: its owner's data were erased, the log alone knows it.", None, None
        if batch.finished and drift:
            return "Nothing by itself: somebody changed the read model by hand.", None, rebuild
        if batch.finished:
            step = "Nothing more: a finished batch never changes."
            if audited.job is None:
                step += " Its row in batch_jobs was cleaned up: a status request needs as_of."
            return step, None, f"fna-batch retry {batch_id}" if batch.failed else None
        again = f"fna-batch redispatch {batch_id} --reason '…'"
        if entry is None and (audited.job is None or audited.job.status.is_final):
            step = "Nothing by itself: it is in no queue, and somebody removed or changed its row."
            return step, None, rebuild
        if entry is None:
            return "It is in no queue: any running worker enqueues it again.", now + RECONCILED_WITHIN, again
        if entry.holder is None:
            worker = "fna-batch worker"
            if entry.not_before > now:
                return "It waits after a fault, then the next free worker takes it.", entry.not_before, again
            return "The next free worker takes it, as soon as there is one.", None, worker
        dead_at = entry.heartbeat + self._timeout
        spent = "" if batch.attempt < self._max_attempts else SPENT
        if dead_at <= now:
            step = f"Its worker {entry.holder} has fallen silent: any other takes it over.{spent}"
            return step, dead_at, "fna-batch worker"
        step = f"Worker {entry.holder} goes on with it; should it fall silent, another takes over.{spent}"
        return step, dead_at, again


def _last_start(stream: list[RecordedEvent]) -> RecordedEvent | None:
    return next((recorded for recorded in reversed(stream) if isinstance(recorded.event, events.Started)), None)


def _set_by(stream: list[RecordedEvent], status: BatchStatus) -> RecordedEvent:
    """PENDING was set by `Submitted`, PROCESSING by the first `Started`, the rest by `Finished`."""
    if status is BatchStatus.PROCESSING:
        return next(recorded for recorded in stream if isinstance(recorded.event, events.Started))
    return stream[-1] if status.is_final else stream[0]
