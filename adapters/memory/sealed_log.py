"""The tree over the log in memory, with its checkpoints, the operator actions, and what no checkpoint covers."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import islice
from uuid import UUID

from adapters.memory.state import StoredTree
from adapters.memory.storage import MemoryStorage
from application.audit.merkle import Range, Subtree
from application.audit.ports.checkpoints import StoredCheckpoint
from application.audit.ports.recorded_actions import ArchivedPart
from application.audit.ports.sealed_log import Leaf, SealedLog
from application.audit.ports.sealing import Seal, Unsealed
from application.audit.ports.tree import Tree
from application.audit.ports.uncovered import UnsealedAction
from application.errors import CannotSeal
from application.log import StoredEvent
from application.operator_actions import ActionKind, OperatorAction

MOST_ACTIONS = 1000
"""Unsealed actions that one answer names."""


class MemoryTree(Tree):
    """The stored tree with its checkpoints: read alike within a seal and outside of one."""

    def __init__(self, stored: Callable[[], StoredTree]) -> None:
        self._stored = stored

    async def leaf_data(self, leaves: Range) -> Sequence[bytes]:
        return [leaf.hash for _, leaf in self._among(leaves)]

    async def subtrees(self, wanted: Sequence[Subtree]) -> Mapping[Subtree, bytes]:
        stored = self._stored().subtrees
        return {subtree: stored[subtree] for subtree in wanted if subtree in stored}

    async def latest(self) -> StoredCheckpoint | None:
        return self._stored().latest

    async def checkpoint(self, size: int) -> StoredCheckpoint | None:
        return self._stored().checkpoints.get(size)

    def _among(self, leaves: Range) -> Iterator[tuple[int, Unsealed]]:
        stored = self._stored().leaves
        return ((leaf_index, stored[leaf_index]) for leaf_index in range(*leaves) if leaf_index in stored)


class MemorySeal(MemoryTree, Seal):
    """Extends a copy of the tree; the copy replaces the tree when the seal ends."""

    def __init__(self, storage: MemoryStorage) -> None:
        self._state, self.tree = storage.state, storage.tree.copy()
        super().__init__(lambda: self.tree)

    async def unsealed(self, limit: int) -> Sequence[Unsealed]:
        appended = sorted((*self._events(), *self._actions()), key=lambda each: each.global_position)
        following = (each for each in appended if each.global_position > self.tree.end)
        started = (each for each in following if each.global_position[0] <= self._state.transaction)
        return list(islice(started, limit))

    async def add(
        self, leaves: Sequence[Unsealed], subtrees: Mapping[Subtree, bytes], checkpoint: StoredCheckpoint
    ) -> None:
        known = {(leaf.batch_id, leaf.version, leaf.act_id) for leaf in self.tree.leaves.values()}
        for leaf_index, leaf in enumerate(leaves, start=checkpoint.size - len(leaves)):
            if leaf_index in self.tree.leaves or (leaf.batch_id, leaf.version, leaf.act_id) in known:
                raise CannotSeal("An entry would be sealed a second time: run `fna-batch audit verify`.")
            self.tree.leaves[leaf_index] = leaf
        self.tree.subtrees.update(subtrees)
        self.tree.checkpoints[checkpoint.size] = checkpoint

    def _events(self) -> Iterator[Unsealed]:
        for at, event in self._state.log():
            yield Unsealed(
                batch_id=event.batch_id, version=event.version, act_id=None, hash=event.hash, global_position=at
            )

    def _actions(self) -> Iterator[Unsealed]:
        for act_id, stored in self._state.actions.items():
            yield Unsealed(
                batch_id=None, version=None, act_id=act_id, hash=stored.hash, global_position=stored.global_position
            )


class MemorySealedLog(MemoryTree, SealedLog):
    def __init__(self, storage: MemoryStorage) -> None:
        super().__init__(lambda: storage.tree)
        self._storage = storage

    async def leaves(self, leaves: Range) -> Sequence[Leaf]:
        events = {(event.batch_id, event.version): at for at, event in self._storage.state.log()}
        return [self._leaf(leaf_index, leaf, events) for leaf_index, leaf in self._among(leaves)]

    async def events(self, leaves: Range) -> Sequence[StoredEvent]:
        among = {(leaf.batch_id, leaf.version) for _, leaf in self._among(leaves)}
        return [event for _, event in self._storage.state.log() if (event.batch_id, event.version) in among]

    async def leaf_of(self, batch_id: UUID, version: int) -> int | None:
        for leaf_index, leaf in self._storage.tree.leaves.items():
            if (leaf.batch_id, leaf.version) == (batch_id, version):
                return leaf_index
        return None

    async def checkpoints(self, *, above: int, limit: int) -> Sequence[StoredCheckpoint]:
        stored = sorted(self._storage.tree.checkpoints.items())
        return [checkpoint for size, checkpoint in stored if size > above][:limit]

    async def newest(self, *, below: int | None, limit: int) -> Sequence[StoredCheckpoint]:
        stored = sorted(self._storage.tree.checkpoints.items(), reverse=True)
        return [checkpoint for size, checkpoint in stored if below is None or size < below][:limit]

    async def actions(self, *, after: UUID | None, limit: int) -> Sequence[tuple[OperatorAction, bytes]]:
        stored = sorted(self._storage.state.actions.items())
        return [(each.action, each.hash) for act_id, each in stored if after is None or act_id > after][:limit]

    async def archives(self) -> Sequence[ArchivedPart]:
        recorded = self._storage.tree.believed(self._storage.state, ActionKind.ARCHIVE)
        return [
            ArchivedPart(before=UUID(action.data["before"]), size=action.data["size"], events=action.data["events"])
            for action in recorded
        ]

    async def unsealed_actions(self) -> Sequence[UnsealedAction]:
        state, tree = self._storage.state, self._storage.tree
        covered = {leaf.act_id for leaf in tree.covered()}
        found = []
        for stored in sorted(state.actions.values(), key=lambda each: each.global_position):
            if stored.action.act_id not in covered:
                unsealed = UnsealedAction(
                    action=stored.action,
                    hash=stored.hash,
                    inserted_behind_checkpoint=stored.global_position <= tree.end,
                    from_unstarted_transaction=stored.global_position[0] > state.transaction,
                )
                found.append(unsealed)
        found.sort(key=lambda each: (not each.from_unstarted_transaction, not each.inserted_behind_checkpoint))
        return found[:MOST_ACTIONS]

    async def unsealed_tail(self, below: UUID | None = None) -> tuple[int, datetime | None]:
        end = self._storage.tree.end
        tail = [
            event.recorded_at
            for at, event in self._storage.state.log()
            if at > end and (below is None or event.batch_id < below)
        ]
        return len(tail), min(tail, default=None)

    async def beyond(self, size: int) -> tuple[int, int]:
        tree = self._storage.tree
        leaves = sum(leaf_index >= size for leaf_index in tree.leaves)
        return leaves, sum(index >= size >> level for level, index in tree.subtrees)

    @asynccontextmanager
    async def sealing(self) -> AsyncIterator[MemorySeal | None]:
        if self._storage.sealing.locked():
            yield None
            return
        async with self._storage.sealing:
            seal = MemorySeal(self._storage)
            yield seal
            self._storage.tree = seal.tree

    def _leaf(self, leaf_index: int, leaf: Unsealed, events: Mapping[tuple[UUID, int], tuple[int, int]]) -> Leaf:
        action = self._storage.state.actions.get(leaf.act_id) if leaf.act_id else None
        at = events.get((leaf.batch_id, leaf.version)) if leaf.batch_id and leaf.version else None
        return Leaf(
            leaf_index=leaf_index,
            leaf_data=leaf.hash,
            batch_id=leaf.batch_id,
            version=leaf.version,
            act_id=leaf.act_id,
            global_position=action.global_position if action else at,
            action=(action.action, action.hash) if action else None,
        )
