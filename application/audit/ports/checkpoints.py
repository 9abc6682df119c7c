"""The port to the signed checkpoints over the tree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from application.log import GlobalPosition


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheckpoint:
    """One row of `checkpoints`. `note` is the signed text; the other fields repeat it for the database.

    `global_position` is that of the last leaf that the checkpoint covers.
    """

    size: int
    previous_size: int | None
    note: str
    sealed_at: datetime
    global_position: GlobalPosition


class Checkpoints(Protocol):
    async def latest(self) -> StoredCheckpoint | None: ...

    async def checkpoint(self, size: int) -> StoredCheckpoint | None: ...

    async def checkpoints(self, *, above: int, limit: int) -> Sequence[StoredCheckpoint]:
        """Return those of more than `above` leaves, the smallest first."""
        ...

    async def newest(self, *, below: int | None, limit: int) -> Sequence[StoredCheckpoint]:
        """Return those of fewer than `below` leaves, the largest first."""
        ...
