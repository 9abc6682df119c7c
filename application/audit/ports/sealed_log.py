"""The port to the tree over the whole log: its leaves, beside what they stand for.

Every event and every operator action is one leaf, in commit order, as soon as a checkpoint covers it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from application.audit.merkle import Range
from application.audit.ports.checkpoints import Checkpoints
from application.audit.ports.recorded_actions import RecordedActions
from application.audit.ports.sealing import Sealing
from application.audit.ports.tree import Tree
from application.audit.ports.uncovered import Uncovered
from application.log import GlobalPosition, StoredEvent
from application.operator_actions import OperatorAction


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One leaf of the tree, as stored: an event (by batch and version) or an operator action.

    `global_position` is None if the event or action is missing. `action` is the stored action with its stored hash.
    """

    leaf_index: int
    leaf_data: bytes
    batch_id: UUID | None
    version: int | None
    act_id: UUID | None
    global_position: GlobalPosition | None
    action: tuple[OperatorAction, bytes] | None


class Leaves(Tree, Protocol):
    async def leaves(self, leaves: Range) -> Sequence[Leaf]: ...

    async def events(self, leaves: Range) -> Sequence[StoredEvent]:
        """Return the events among these leaves, in no order."""
        ...

    async def leaf_of(self, batch_id: UUID, version: int) -> int | None:
        """Return the leaf index of an event; None until a checkpoint covers it."""
        ...


class SealedLog(Leaves, Checkpoints, RecordedActions, Uncovered, Sealing, Protocol):
    """The whole port, as adapters implement it. Each use case takes the parts that it needs."""


class SealedTree(Leaves, Checkpoints, Protocol):
    """The tree with its checkpoints."""
