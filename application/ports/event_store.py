"""The port to the event log."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from application.errors import WrongExpectedVersion
from application.log import StoredEvent


class EventStore(Protocol):
    async def append(self, streams: Sequence[Sequence[StoredEvent]]) -> Sequence[WrongExpectedVersion | None]:
        """Append new events to several batches in one round trip.

        Each inner sequence belongs to one batch, and the version before its first event is the expected one.
        Each succeeds (None) or fails on its own; a failed one leaves no event behind.
        """
        ...

    async def read(self, batch_id: UUID) -> Sequence[StoredEvent]:
        """The batch's events by version, empty where there is no such batch."""
        ...
