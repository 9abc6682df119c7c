"""Sealing: include in the tree all that was appended since the latest checkpoint, and sign a new checkpoint."""

from collections.abc import Sequence
from datetime import datetime

from application.audit.merkle import GrowingTree, Subtree
from application.audit.ports.checkpoints import StoredCheckpoint
from application.audit.ports.sealing import Seal, Sealing
from application.audit.ports.signing import Signer, Verifier
from application.audit.ports.witness import Witness, WitnessUnreadable
from application.audit.signed_notes import (
    Checkpoint,
    InvalidNote,
    PublicKey,
    note_hash,
    opened_checkpoint,
    public_key,
    sign,
)
from application.audit.tree import STORED_FROM, subtrees_of
from application.errors import CannotSeal
from application.log import instant
from application.ports.clock import Clock

MOST = 1000
"""Leaves that one checkpoint adds."""
NOTHING_BEFORE = bytes(32)
"""The `previous` of the first checkpoint."""


class Sealer:
    """Extends checkpoints that `signer`, or one of the `trusted` keys, has signed.

    The log must still hold the checkpoint that `witness` remembers. Otherwise the database was rolled back, or
    checkpoints were removed so that this machine would sign another history.
    """

    def __init__(
        self,
        log: Sealing,
        signer: Signer,
        trusted: Sequence[PublicKey],
        verify: Verifier,
        clock: Clock,
        witness: Witness,
    ) -> None:
        self._log, self._signer, self._verify, self._clock, self._witness = log, signer, verify, clock, witness
        self.trusted = (public_key(signer), *trusted)

    async def seal(self) -> int:
        """Seal up to a thousand leaves; return the count, 0 while another sealer runs.

        Raises CannotSeal or StorageUnavailable.
        """
        async with self._log.sealing() as seal:
            if seal is None:
                return 0
            await self._require_remembered_checkpoint(seal)
            sealed, note = await self._seal(seal)
        if note is not None:
            self._witness.remember(note)
        return sealed

    async def seal_all(self) -> int:
        """Seal all that can be sealed now, in as many checkpoints as needed; return the count of leaves."""
        total = sealed = await self.seal()
        while sealed == MOST:
            sealed = await self.seal()
            total += sealed
        return total

    async def _require_remembered_checkpoint(self, seal: Seal) -> None:
        try:
            note = self._witness.remembered()
        except WitnessUnreadable as unreadable:
            raise CannotSeal(str(unreadable)) from unreadable
        if note is None:
            return
        try:
            size = opened_checkpoint(note, self.trusted, self._verify).size
        except InvalidNote:
            return  # signed by a key that is no longer trusted, so no longer extended either
        stored = await seal.checkpoint(size)
        if stored is None or stored.note != note:
            raise CannotSeal(
                f"This machine signed checkpoint {size}, but the log does not hold it: the database was rolled back, "
                "or checkpoints were removed. Run `fna-batch audit verify`. If the rollback was intended, remove "
                f"{self._witness.location}."
            )

    async def _seal(self, seal: Seal) -> tuple[int, str | None]:
        """Return the count of leaves that were added, and the signed note over them."""
        last = await seal.latest()
        new = await seal.unsealed(MOST)
        if not new:
            return 0, None
        before = None if last is None else self._trusted_checkpoint(last)
        size = 0 if last is None else last.size
        tree = GrowingTree(size, await subtrees_of(seal, (0, size)))
        if before is not None and tree.root != before.root:
            raise CannotSeal(f"The tree does not match checkpoint {size}: run `fna-batch audit verify`.")
        complete: dict[Subtree, bytes] = {}
        for leaf in new:
            complete.update(subtree for subtree in tree.append(leaf.hash) if subtree[0][0] >= STORED_FROM)
        now = self._clock()
        if before is not None:
            now = max(now, datetime.fromisoformat(before.sealed_at))
        checkpoint = Checkpoint(
            origin=self._signer.name,
            size=tree.size,
            root=tree.root,
            sealed_at=instant(now),
            previous=NOTHING_BEFORE if last is None else note_hash(last.note),
        )
        stored = StoredCheckpoint(
            size=tree.size,
            previous_size=last.size if last else None,
            note=sign(checkpoint.text, self._signer),
            sealed_at=now,
            global_position=new[-1].global_position,
        )
        await seal.add(new, complete, stored)
        return len(new), stored.note

    def _trusted_checkpoint(self, stored: StoredCheckpoint) -> Checkpoint:
        try:
            return opened_checkpoint(stored.note, self.trusted, self._verify)
        except InvalidNote as wrong:
            raise CannotSeal(
                f"Checkpoint {stored.size} cannot be extended ({wrong}) Give every process the same "
                "FNA_BATCH_SIGNING_KEY, and list earlier keys in FNA_BATCH_TRUSTED_KEYS."
            ) from wrong
