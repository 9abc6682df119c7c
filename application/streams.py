"""The events of one batch, loaded and decoded. Every use case reads the log through this module."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from application.log import RecordedEvent, StoredEvent
from application.ports.codec import EventCodec
from application.ports.event_store import EventStore
from application.read_model import BatchJob, project_all
from domain.batch import Batch, fold
from domain.events import Submitted


@dataclass(frozen=True)
class Stream:
    """The decoded events of one batch by version; empty if there is no such batch. It is folded once, on first use."""

    events: Sequence[RecordedEvent]

    @property
    def head(self) -> RecordedEvent | None:
        return self.events[-1] if self.events else None

    @property
    def submitted(self) -> Submitted | None:
        """The first event; None for an empty stream, and for one that does not begin with `Submitted`."""
        first = self.events[0].event if self.events else None
        return first if isinstance(first, Submitted) else None

    @cached_property
    def batch(self) -> Batch:
        """The state that deciding needs."""
        return fold([recorded.event for recorded in self.events])

    @cached_property
    def job(self) -> BatchJob:
        """The row of the read model.

        Raises ValueError for an empty stream, and for one that does not begin with `Submitted`.
        """
        return project_all(self.events)

    def followed_by(self, codec: EventCodec, appended: Iterable[StoredEvent]) -> "Stream":
        """Return the stream with the appended events at its end."""
        return Stream([*self.events, *map(codec.decode, appended)])


def decoded(codec: EventCodec, stored: Iterable[StoredEvent]) -> Stream:
    """Decode stored events. Raises EventUnreadable."""
    return Stream([codec.decode(event) for event in stored])


async def load(events: EventStore, codec: EventCodec, batch_id: UUID, *, until: datetime | None = None) -> Stream:
    """Load a batch's stream, up to an instant if `until` is given.

    Raises EventUnreadable or StorageUnavailable.
    """
    return decoded(codec, recorded_until(until, await events.read(batch_id)))


async def load_first(events: EventStore, codec: EventCodec, batch_id: UUID) -> Stream:
    """Load the first event alone, so that damage further on does not matter.

    Raises EventUnreadable or StorageUnavailable.
    """
    return decoded(codec, (await events.read(batch_id))[:1])


def recorded_until(instant: datetime | None, stored: Iterable[StoredEvent]) -> Sequence[StoredEvent]:
    """Return the events recorded at or before the instant; without one, all."""
    return [event for event in stored if instant is None or event.recorded_at <= instant]
