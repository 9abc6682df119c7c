"""The ports to the tree over the whole log: its leaves, its stored subtrees, its signed checkpoints."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.audit.merkle import Range, Subtree
from application.log import GlobalPosition, StoredEvent
from application.operator_actions import OperatorAction


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealed:
    """An event (by batch and version) or an act that no checkpoint covers yet, with its hash."""

    batch_id: UUID | None
    version: int | None
    act_id: UUID | None
    hash: bytes
    global_position: GlobalPosition


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One entry of the tree as stored; `place` is null where the event or act is gone, `act` also for an event."""

    leaf_index: int
    entry: bytes
    batch_id: UUID | None
    version: int | None
    act_id: UUID | None
    global_position: GlobalPosition | None
    act: tuple[OperatorAction, bytes] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsealedAction:
    """See `AuditedBatch` for the two flags."""

    act: OperatorAction
    hash: bytes
    inserted_behind_checkpoint: bool
    from_unstarted_transaction: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheckpoint:
    """`note` is the signed text; the rest repeats it for the database, and `place` is where its last entry stands."""

    size: int
    previous_size: int | None
    note: str
    sealed_at: datetime
    global_position: GlobalPosition


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedPart:
    """`events` of batches with ids below `before`, among the first `size` entries, may lie in a file alone."""

    before: UUID
    size: int
    events: int

    def holds(self, leaf: Leaf) -> bool:
        return leaf.batch_id is not None and leaf.batch_id < self.before and leaf.leaf_index < self.size


class Tree(Protocol):
    async def entries(self, leaves: Range) -> Sequence[bytes]: ...

    async def subtrees(self, wanted: Sequence[Subtree]) -> Mapping[Subtree, bytes]:
        """The stored ones of those: complete, of level 8 and above."""
        ...


class Sealing(Tree, Protocol):
    """One seal, in its transaction: while it lasts nobody else seals."""

    async def latest(self) -> StoredCheckpoint | None: ...

    async def checkpoint(self, size: int) -> StoredCheckpoint | None: ...

    async def unsealed(self, limit: int) -> Sequence[Unsealed]:
        """What comes after the latest checkpoint in commit order, as far as nothing can come before it any more."""
        ...

    async def add(
        self, entries: Sequence[Unsealed], subtrees: Mapping[Subtree, bytes], checkpoint: StoredCheckpoint
    ) -> None: ...


class Records(Protocol):
    """What else an audit of the whole log asks."""

    async def archives(self) -> Sequence[ArchivedPart]:
        """What acts say that are sealed as they stand, or will be by the next checkpoint."""
        ...

    async def beyond(self, size: int) -> tuple[int, int]:
        """How many leaves, and how many subtrees, are stored that a tree of this size does not have."""
        ...

    async def acts(self, *, after: UUID | None, limit: int) -> Sequence[tuple[OperatorAction, bytes]]:
        """What operators did, the oldest first, with the hashes of it."""
        ...

    async def unsealed_actions(self) -> Sequence[UnsealedAction]:
        """Up to a thousand acts that no checkpoint covers, those first that none ever will."""
        ...

    async def unsealed_tail(self, below: UUID | None = None) -> tuple[int, datetime | None]:
        """How many events (a hundred thousand at most) no checkpoint covers yet, and when the oldest was recorded.

        Only of batches with ids lower than `below`, where that is given.
        """
        ...


class SealedLog(Tree, Records, Protocol):
    def sealing(self) -> AbstractAsyncContextManager[Sealing | None]:
        """Nothing where somebody else seals right now. Raises StorageUnavailable."""
        ...

    async def latest(self) -> StoredCheckpoint | None: ...

    async def checkpoint(self, size: int) -> StoredCheckpoint | None: ...

    async def checkpoints(self, *, above: int, limit: int) -> Sequence[StoredCheckpoint]:
        """Those of more than `above` leaves, the smallest first."""
        ...

    async def newest(self, *, below: int | None, limit: int) -> Sequence[StoredCheckpoint]:
        """Those of fewer than `below` leaves, the largest first."""
        ...

    async def leaves(self, leaves: Range) -> Sequence[Leaf]: ...

    async def events(self, leaves: Range) -> Sequence[StoredEvent]:
        """The events among these leaves, in no order."""
        ...

    async def leaf_of(self, batch_id: UUID, version: int) -> int | None: ...
