"""The port to recorded operator actions, and to the archives among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from application.operator_actions import OperatorAction


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedPart:
    """A part of the log that may be in an archive file alone.

    It is the `events` of batches with ids below `before`, among the first `size` leaves.
    """

    before: UUID
    size: int
    events: int

    def holds(self, leaf_index: int, batch_id: UUID | None) -> bool:
        return batch_id is not None and batch_id < self.before and leaf_index < self.size


class RecordedActions(Protocol):
    async def actions(self, *, after: UUID | None, limit: int) -> Sequence[tuple[OperatorAction, bytes]]:
        """Return a page of operator actions with their stored hashes, the oldest first."""
        ...

    async def archives(self) -> Sequence[ArchivedPart]:
        """Return the archives named by undamaged actions that a checkpoint covers, or that the next one will cover."""
        ...
