"""The port by which the tree grows."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from application.audit.merkle import Subtree
from application.audit.ports.checkpoints import StoredCheckpoint
from application.audit.ports.tree import Tree
from application.log import GlobalPosition


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealed:
    """An event (by batch and version) or an operator action that no checkpoint covers yet, with its hash."""

    batch_id: UUID | None
    version: int | None
    act_id: UUID | None
    hash: bytes
    global_position: GlobalPosition


class Seal(Tree, Protocol):
    """One extension of the tree, in its transaction. No other sealer runs while it lasts."""

    async def latest(self) -> StoredCheckpoint | None: ...

    async def checkpoint(self, size: int) -> StoredCheckpoint | None: ...

    async def unsealed(self, limit: int) -> Sequence[Unsealed]:
        """Return what follows the latest checkpoint in commit order, up to the first transaction still running."""
        ...

    async def add(
        self, leaves: Sequence[Unsealed], subtrees: Mapping[Subtree, bytes], checkpoint: StoredCheckpoint
    ) -> None:
        """Store the leaves, the subtrees that they complete, and the checkpoint over them.

        Raises CannotSeal if one of them is a leaf already.
        """
        ...


class Sealing(Protocol):
    def sealing(self) -> AbstractAsyncContextManager[Seal | None]:
        """Begin a seal; None while another sealer runs. Raises StorageUnavailable."""
        ...
