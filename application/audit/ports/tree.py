"""The port to the stored Merkle tree: the data of its leaves, and its larger subtrees."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from application.audit.merkle import Range, Subtree


class Tree(Protocol):
    async def leaf_data(self, leaves: Range) -> Sequence[bytes]:
        """Return the data of these leaves: the hashes of the events and actions."""
        ...

    async def subtrees(self, wanted: Sequence[Subtree]) -> Mapping[Subtree, bytes]:
        """Return the stored hashes among those; complete subtrees of level 8 and above are stored."""
        ...
