"""Proofs over the sealed log, from a few stored subtrees each."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from application.audit.merkle import (
    GrowingTree,
    Range,
    Subtree,
    complete_subtrees,
    consistency,
    inclusion,
    joined,
    root_above,
)
from application.audit.ports.sealed_log import SealedLog, StoredCheckpoint, Tree
from application.audit.ports.signing import Verifier
from application.audit.signed_notes import BadNote, Checkpoint, PublicKey, opened
from application.errors import ApplicationError, LogDamaged, NotFound
from application.ports.storage import Storage

STORED_FROM = 8
"""The level from which complete subtrees are stored; what is smaller is computed from its leaves."""


class NotSealed(ApplicationError):
    def __init__(self, what: str) -> None:
        super().__init__(f"No checkpoint covers {what}: ask again in a few seconds, if it is new.")


class NoSuchEvent(NotFound):
    def __init__(self, batch_id: UUID, version: int) -> None:
        told = f"The log knows no version {version} of batch {batch_id}: `fna-batch audit history` lists those it has."
        super().__init__(told)


class NoSuchTree(ApplicationError):
    def __init__(self, size: int) -> None:
        super().__init__(
            f"There is no checkpoint over {size} entries that this can be shown in: `fna-batch audit export` and "
            "/v1/audit/checkpoints list those there are; the older one comes first."
        )


class RootMismatch(LogDamaged):
    def __init__(self, batch_id: UUID, version: int, size: int) -> None:
        super().__init__(
            f"Version {version} of batch {batch_id} does not lead to the root that checkpoint {size} signs: "
            "run `fna-batch audit verify`."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """That `entry` is leaf `leaf_index` of the tree that `checkpoint` signs; `path` is the audit path of RFC 6962."""

    leaf_index: int
    path: Sequence[bytes]
    checkpoint: StoredCheckpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """That the tree of `new` begins with that of `old`."""

    path: Sequence[bytes]
    old: StoredCheckpoint
    new: StoredCheckpoint


class Proofs:
    def __init__(self, log: SealedLog, storage: Storage, trusted: Sequence[PublicKey], verify: Verifier) -> None:
        self._log, self._storage, self._trusted, self._verify = log, storage, trusted, verify

    async def inclusion(self, batch_id: UUID, version: int, size: int | None = None) -> Inclusion:
        """In the tree of `size` entries, by default the latest.

        Raises NotSealed, NoSuchEvent, NoSuchTree, or RootMismatch where the stored tree would prove something else.
        """
        leaf = await self._log.leaf_of(batch_id, version)
        if leaf is None and not await self._recorded(batch_id, version):
            raise NoSuchEvent(batch_id, version)
        checkpoint = await self._checkpoint(size)
        if leaf is None or leaf >= checkpoint.size:
            raise NotSealed(f"version {version} of batch {batch_id}")
        path = [await hash_of(self._log, part) for part in inclusion(leaf, checkpoint.size)]
        entries = await self._log.entries((leaf, leaf + 1))
        roots = {root_above(entry, leaf, checkpoint.size, path) for entry in entries}
        if roots != {self._root(checkpoint)}:
            raise RootMismatch(batch_id, version, checkpoint.size)
        return Inclusion(leaf_index=leaf, path=path, checkpoint=checkpoint)

    async def consistency(self, old: int, new: int | None = None) -> Consistency:
        """Raises NoSuchTree, also where the old tree is the larger."""
        later, earlier = await self._checkpoint(new), await self._checkpoint(old)
        if earlier.size > later.size:
            raise NoSuchTree(later.size)
        path = [await hash_of(self._log, part) for part in consistency(earlier.size, later.size)]
        return Consistency(path=path, old=earlier, new=later)

    def _root(self, checkpoint: StoredCheckpoint) -> bytes | None:
        try:
            return Checkpoint.parse(opened(checkpoint.note, self._trusted, self._verify)).root
        except BadNote:
            return None

    async def _recorded(self, batch_id: UUID, version: int) -> bool:
        async with self._storage.transaction() as tx:
            return any(event.version == version for event in await tx.events.read(batch_id))

    async def _checkpoint(self, size: int | None) -> StoredCheckpoint:
        found = await (self._log.latest() if size is None else self._log.checkpoint(size))
        if found is None:
            raise NotSealed("anything") if size is None else NoSuchTree(size)
        return found


async def hash_of(tree: Tree, leaves: Range) -> bytes:
    """The Merkle tree hash over these leaves."""
    return joined(await subtrees_of(tree, leaves))


async def subtrees_of(tree: Tree, leaves: Range) -> Sequence[bytes]:
    """The hashes of `complete_subtrees`."""
    wanted = list(complete_subtrees(leaves))
    stored = await tree.subtrees([subtree for subtree in wanted if subtree[0] >= STORED_FROM])
    return [stored[each] if each in stored else await _computed(tree, each) for each in wanted]


async def _computed(tree: Tree, subtree: Subtree) -> bytes:
    level, index = subtree
    grown = GrowingTree()
    for entry in await tree.entries((index << level, (index + 1) << level)):
        for _ in grown.append(entry):
            pass
    return grown.root
