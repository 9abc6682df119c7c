"""The port to the event log."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.errors import WrongExpectedVersion
from application.log import GlobalPosition, StoredEvent
from application.ports.read_model import PageAfter


class EventStore(Protocol):
    async def append(self, streams: Sequence[Sequence[StoredEvent]]) -> Sequence[WrongExpectedVersion | None]:
        """Append new events to several batches in one round trip.

        Each inner sequence belongs to one batch, and the version before its first event is the expected one.
        Each succeeds (None) or fails on its own; a failed one leaves no event behind.
        Raises SealedAlready for a version that a checkpoint covers.
        """
        ...

    async def read(self, batch_id: UUID) -> Sequence[StoredEvent]:
        """Return the batch's events by version; empty if there is no such batch."""
        ...

    async def streams(self, batch_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[StoredEvent]]:
        """Return the events of several batches, each by version."""
        ...

    async def submitted(
        self, user_id: UUID, *, until: datetime | None, after: PageAfter | None, limit: int
    ) -> Sequence[PageAfter]:
        """Return the user's batches with the times of their submission, newest first, none later than `until`."""
        ...

    async def log(self, after: GlobalPosition, limit: int) -> Sequence[tuple[GlobalPosition, StoredEvent]]:
        """Return a page of the whole log in commit order, each event with its global position.

        No event ever appears at or before a position that was returned once, so a reader never reads twice.
        """
        ...
