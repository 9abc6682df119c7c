"""Hashes over parts of the stored tree, from its stored subtrees and, below those, from the leaves."""

from collections.abc import Sequence

from application.audit.merkle import GrowingTree, Range, Subtree, complete_subtrees, joined
from application.audit.ports.tree import Tree

STORED_FROM = 8
"""The level from which complete subtrees are stored; smaller ones are computed from their leaves."""


async def hash_of(tree: Tree, leaves: Range) -> bytes:
    """Return the Merkle tree hash over these leaves."""
    return joined(await subtrees_of(tree, leaves))


async def subtrees_of(tree: Tree, leaves: Range) -> Sequence[bytes]:
    """Return the hashes of the subtrees that `complete_subtrees` names."""
    wanted = list(complete_subtrees(leaves))
    stored = await tree.subtrees([subtree for subtree in wanted if subtree[0] >= STORED_FROM])
    return [stored[each] if each in stored else await _computed(tree, each) for each in wanted]


async def _computed(tree: Tree, subtree: Subtree) -> bytes:
    level, index = subtree
    computed = GrowingTree()
    for leaf_data in await tree.leaf_data((index << level, (index + 1) << level)):
        for _ in computed.append(leaf_data):
            pass
    return computed.root
