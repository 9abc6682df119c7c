"""The port to what no checkpoint covers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.operator_actions import OperatorAction


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsealedAction:
    """An operator action that no checkpoint covers, with its stored hash.

    `inserted_behind_checkpoint`: later leaves are covered. `from_unstarted_transaction`: its transaction id is in the
    future.
    """

    action: OperatorAction
    hash: bytes
    inserted_behind_checkpoint: bool
    from_unstarted_transaction: bool


class Uncovered(Protocol):
    async def unsealed_actions(self) -> Sequence[UnsealedAction]:
        """Return up to a thousand actions that no checkpoint covers, first those that no checkpoint ever will."""
        ...

    async def unsealed_tail(self, below: UUID | None = None) -> tuple[int, datetime | None]:
        """Return the count of events that no checkpoint covers yet, and when the oldest was recorded.

        Counts a hundred thousand at most; only batches with ids lower than `below`, if that is given.
        """
        ...

    async def beyond(self, size: int) -> tuple[int, int]:
        """Return the counts of stored leaves and of stored subtrees that a tree of this size does not have."""
        ...
