"""Checking batches: each one's events against what was recorded, and the read model against the events."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from application.audit.drift import drift_after_archive, drift_of, retention_may_have_removed
from application.audit.findings import DamageFound, Finding, damage_among
from application.audit.ports.audit_source import AuditedBatch, AuditSource
from application.audit.stream_checks import checked_stream
from application.errors import UnknownToTheLog
from application.log import StoredEvent
from application.ports.clock import Clock
from application.ports.codec import EventCodec
from application.read_model import BatchJob
from application.streams import Stream, decoded, recorded_until

Checked = tuple[UUID, Sequence[Finding]]
"""A batch with its findings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The events of a batch up to an instant, and the row that they gave then.

    `damage` concerns the whole stream, whenever an event was recorded; `job` is None when there is damage.
    """

    batch_id: UUID
    as_of: datetime | None
    job: BatchJob | None
    events: Sequence[StoredEvent]
    damage: Sequence[Finding]


class BatchAudit:
    """`retention`: rows of batches processed longer ago may be missing from the read model."""

    def __init__(self, source: AuditSource, codec: EventCodec, clock: Clock, retention: timedelta) -> None:
        self._source, self._codec, self._clock, self._retention = source, codec, clock, retention

    async def history(self, batch_id: UUID, as_of: datetime | None = None) -> History:
        """Return the events of a batch as they are stored, up to an instant, and the row that they gave then.

        Raises UnknownToTheLog, also for an instant before the submission, unless there is damage to show.
        """
        audited = await self._source.batch(batch_id)
        damage = damage_among(self.check(audited))
        events = recorded_until(as_of, audited.events)
        if not events and not damage:
            raise UnknownToTheLog(batch_id, then=as_of is not None, archived=_is_archived(audited))
        job = None if damage else decoded(self._codec, events).job
        return History(batch_id=batch_id, as_of=as_of, job=job, events=events, damage=damage)

    async def intact(self, batch_id: UUID) -> AuditedBatch:
        """Return a batch that operations may build on.

        Raises UnknownToTheLog, or DamageFound if its events are not those that were recorded.
        """
        audited = await self._source.batch(batch_id)
        if damage := damage_among(self.check(audited)):
            raise DamageFound(damage)
        if not audited.events:
            raise UnknownToTheLog(batch_id, archived=_is_archived(audited))
        return audited

    async def batch(self, batch_id: UUID) -> Sequence[Finding]:
        return self.check(await self._source.batch(batch_id))

    async def batches(self) -> AsyncIterator[Checked]:
        """Yield every batch, by id, with its findings."""
        async for audited in self._source.batches():
            yield audited.batch_id, self.check(audited)

    async def page(self, after: UUID | None, limit: int) -> tuple[Sequence[Checked], UUID | None]:
        """Return up to `limit` batches with higher ids, and the id where the next page begins; None at the end."""
        page: list[Checked] = []
        async for audited in self._source.batches(after, page=limit + 1):
            if len(page) == limit:
                return page, page[-1][0]
            page.append((audited.batch_id, self.check(audited)))
        return page, None

    async def count(self) -> int:
        """Return the approximate number of batches that `batches` yields."""
        return await self._source.count()

    @property
    def kept_since(self) -> datetime:
        """Rows of batches processed earlier may be missing from the read model."""
        return self._clock() - self._retention

    def expected(self, audited: AuditedBatch) -> BatchJob | None:
        """Return the row that the log gives; None if it gives none, or if retention or erasure removed it.

        Raises ValueError for a stream that cannot be read.
        """
        if audited.erased or not audited.events:
            return None
        job = self.stream(audited).job
        missing = audited.job is None and audited.unreadable is None
        return None if missing and retention_may_have_removed(job, audited, self.kept_since) else job

    def stream(self, audited: AuditedBatch) -> Stream:
        """Decode the events. Raises EventUnreadable."""
        return decoded(self._codec, audited.events)

    def check(self, audited: AuditedBatch) -> Sequence[Finding]:
        """Return what is wrong with one batch: the damage to its events; if there is none, the drift of its rows."""
        if _is_archived(audited):
            return list(drift_after_archive(audited))
        stream, damage = checked_stream(audited, self._codec)
        return damage or list(drift_of(audited, stream, kept_since=self.kept_since))


def _is_archived(audited: AuditedBatch) -> bool:
    return bool(audited.archived and audited.leaves and not audited.events)
