"""The Merkle tree of RFC 6962 (section 2.1): hashes, and the subtrees that make a root or a proof.

A tree of `size` leaves is made of its aligned complete subtrees: `(level, index)` covers the leaves from
`index * 2**level` up to the next `2**level`.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import reduce

EMPTY_ROOT = hashlib.sha256().digest()
Range = tuple[int, int]
"""Leaf indexes from the first up to, but not including, the second."""
Subtree = tuple[int, int]
"""Level and index: the subtree covers the leaves from `index * 2**level` up to the next `2**level`."""


def leaf_hash(leaf_data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf_data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def complete_subtrees(leaves: Range) -> Iterator[Subtree]:
    """Yield the largest aligned complete subtrees that cover the leaves, from left to right."""
    start, end = leaves
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        yield level, start >> level
        start += 1 << level


def joined(subtrees: Sequence[bytes]) -> bytes:
    """Return the root over the hashes of subtrees, in the order of `complete_subtrees`."""
    if not subtrees:
        return EMPTY_ROOT
    return reduce(lambda right, left: node_hash(left, right), reversed(subtrees))


def inclusion(leaf_index: int, size: int) -> list[Range]:
    """Return the parts of the tree whose hashes are the audit path of the leaf, lowest first.

    Raises ValueError if the tree has no such leaf.
    """
    if not 0 <= leaf_index < size:
        raise ValueError(f"A tree of {size} leaves has no leaf {leaf_index}.")
    path: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _largest_power_below(end - start)
        if leaf_index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def root_above(leaf_data: bytes, leaf_index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root to which an audit path, in the order of `inclusion`, leads from a leaf."""
    node = leaf_hash(leaf_data)
    for (start, _), sibling in zip(inclusion(leaf_index, size), path, strict=True):
        node = node_hash(node, sibling) if start > leaf_index else node_hash(sibling, node)
    return node


def consistency(old: int, new: int) -> list[Range]:
    """Return the parts of the tree whose hashes prove that its first `old` leaves are unchanged, lowest first.

    Raises ValueError if the old tree is empty or larger than the new.
    """
    if not 0 < old <= new:
        raise ValueError(f"A tree of {new} leaves cannot be proved to begin with one of {old}.")
    path: list[Range] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + _largest_power_below(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start, whole = middle, False
    return path[::-1] if whole else [(start, end), *path[::-1]]


def _largest_power_below(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


class GrowingTree:
    """An append-only tree. It holds the hashes of its complete subtrees, at most one a level."""

    def __init__(self, size: int = 0, subtrees: Sequence[bytes] = ()) -> None:
        self.size = size
        self._subtrees = list(subtrees)

    def append(self, leaf_data: bytes) -> Iterator[tuple[Subtree, bytes]]:
        """Append a leaf; yield each subtree that it completes, with its hash."""
        completed, level, index = leaf_hash(leaf_data), 0, self.size
        yield (level, index), completed
        while index & 1:
            completed = node_hash(self._subtrees.pop(), completed)
            level, index = level + 1, index >> 1
            yield (level, index), completed
        self._subtrees.append(completed)
        self.size += 1

    @property
    def root(self) -> bytes:
        return joined(self._subtrees)
