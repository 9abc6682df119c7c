"""Proofs of inclusion and consistency (RFC 6962), each from a few stored subtrees."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from application.audit.merkle import consistency, inclusion, root_above
from application.audit.ports.checkpoints import StoredCheckpoint
from application.audit.ports.sealed_log import SealedTree
from application.audit.ports.signing import Verifier
from application.audit.signed_notes import InvalidNote, PublicKey, opened_checkpoint
from application.audit.tree import hash_of
from application.errors import ApplicationError, LogDamaged, NotFound
from application.ports.storage import Storage


class NotSealed(ApplicationError):
    def __init__(self, what: str) -> None:
        super().__init__(f"No checkpoint covers {what}: if it is new, ask again in a few seconds.")


class NoSuchEvent(NotFound):
    def __init__(self, batch_id: UUID, version: int) -> None:
        super().__init__(
            f"The log has no version {version} of batch {batch_id}: `fna-batch audit history` lists those that it has."
        )


class NoSuchTree(ApplicationError):
    def __init__(self, size: int) -> None:
        super().__init__(
            f"No checkpoint over {size} entries can prove this: `fna-batch audit export` and /v1/audit/checkpoints "
            "list the sizes there are; the older size comes first."
        )


class RootMismatch(LogDamaged):
    def __init__(self, batch_id: UUID, version: int, size: int) -> None:
        super().__init__(
            f"Version {version} of batch {batch_id} does not lead to the root that checkpoint {size} signs: "
            "run `fna-batch audit verify`."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """Proof that an event is leaf `leaf_index` of the tree that `checkpoint` signs; `path` is its audit path."""

    leaf_index: int
    path: Sequence[bytes]
    checkpoint: StoredCheckpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """Proof that the tree of `new` begins with that of `old`."""

    path: Sequence[bytes]
    old: StoredCheckpoint
    new: StoredCheckpoint


class Proofs:
    def __init__(self, log: SealedTree, storage: Storage, trusted: Sequence[PublicKey], verify: Verifier) -> None:
        self._log, self._storage, self._trusted, self._verify = log, storage, trusted, verify

    async def inclusion(self, batch_id: UUID, version: int, size: int | None = None) -> Inclusion:
        """Prove that the tree of `size` entries (None: the latest) includes an event.

        Raises NotSealed, NoSuchEvent, NoSuchTree, or RootMismatch if the stored tree would prove something else.
        """
        leaf = await self._log.leaf_of(batch_id, version)
        if leaf is None and not await self._is_recorded(batch_id, version):
            raise NoSuchEvent(batch_id, version)
        checkpoint = await self._checkpoint(size)
        if leaf is None or leaf >= checkpoint.size:
            raise NotSealed(f"version {version} of batch {batch_id}")
        path = [await hash_of(self._log, part) for part in inclusion(leaf, checkpoint.size)]
        leaf_data = await self._log.leaf_data((leaf, leaf + 1))
        roots = {root_above(data, leaf, checkpoint.size, path) for data in leaf_data}
        if roots != {self._signed_root(checkpoint)}:
            raise RootMismatch(batch_id, version, checkpoint.size)
        return Inclusion(leaf_index=leaf, path=path, checkpoint=checkpoint)

    async def consistency(self, old: int, new: int | None = None) -> Consistency:
        """Prove that the tree of `new` entries (None: the latest) begins with that of `old`.

        Raises NoSuchTree, also if the old tree is the larger.
        """
        later, earlier = await self._checkpoint(new), await self._checkpoint(old)
        if earlier.size > later.size:
            raise NoSuchTree(later.size)
        path = [await hash_of(self._log, part) for part in consistency(earlier.size, later.size)]
        return Consistency(path=path, old=earlier, new=later)

    def _signed_root(self, checkpoint: StoredCheckpoint) -> bytes | None:
        try:
            return opened_checkpoint(checkpoint.note, self._trusted, self._verify).root
        except InvalidNote:
            return None

    async def _is_recorded(self, batch_id: UUID, version: int) -> bool:
        async with self._storage.transaction() as tx:
            return any(event.version == version for event in await tx.events.read(batch_id))

    async def _checkpoint(self, size: int | None) -> StoredCheckpoint:
        stored = await (self._log.latest() if size is None else self._log.checkpoint(size))
        if stored is None:
            raise NotSealed("anything") if size is None else NoSuchTree(size)
        return stored
