"""Sealing: what was appended since the latest checkpoint goes into the tree, and a new checkpoint is signed."""

from collections.abc import Sequence
from datetime import datetime

from application.audit.merkle import GrowingTree, Subtree
from application.audit.ports.sealed_log import SealedLog, Sealing, StoredCheckpoint
from application.audit.ports.signing import Signer, Verifier
from application.audit.ports.witness import Witness
from application.audit.proofs import STORED_FROM, subtrees_of
from application.audit.signed_notes import BadNote, Checkpoint, PublicKey, note_hash, opened, public_key, sign
from application.errors import CannotSeal
from application.log import instant
from application.ports.clock import Clock

MOST = 1000
"""Entries that one checkpoint adds."""
NOTHING_BEFORE = bytes(32)


class Sealer:
    """`signer` signs; checkpoints that it, or one of `trusted`, has signed are built upon.

    What `witness` remembers must still be there: else somebody rolled the database back, or removed checkpoints so that
    this would sign another history.
    """

    def __init__(
        self,
        log: SealedLog,
        signer: Signer,
        trusted: Sequence[PublicKey],
        verify: Verifier,
        clock: Clock,
        witness: Witness,
    ) -> None:
        self._log, self._signer, self._verify, self._clock, self._witness = log, signer, verify, clock, witness
        self.trusted = (public_key(signer), *trusted)

    async def seal(self) -> int:
        """Seal up to a thousand entries; how many it were. None while somebody else seals.

        Raises CannotSeal or StorageUnavailable.
        """
        async with self._log.sealing() as sealing:
            if sealing is None:
                return 0
            await self._as_remembered(sealing)
            sealed, note = await self._seal(sealing)
        if note is not None:
            self._witness.remember(note)
        return sealed

    async def seal_all(self) -> int:
        """Seal what can be sealed now, however many checkpoints that takes; what comes meanwhile is left."""
        total = sealed = await self.seal()
        while sealed == MOST:
            sealed = await self.seal()
            total += sealed
        return total

    async def _as_remembered(self, sealing: Sealing) -> None:
        note = self._witness.remembered()
        if note is None:
            return
        try:
            size = Checkpoint.parse(opened(note, self.trusted, self._verify)).size
        except BadNote:
            return  # of another key, which may not be built upon either
        stored = await sealing.checkpoint(size)
        if stored is None or stored.note != note:
            raise CannotSeal(
                f"The log does not hold checkpoint {size}, which was sealed here: the database was rolled back, or "
                f"checkpoints were removed. Run `fna-batch audit verify`; where that was meant, remove "
                f"{self._witness.location}."
            )

    async def _seal(self, sealing: Sealing) -> tuple[int, str | None]:
        """How many entries were sealed, and the note that was signed."""
        last = await sealing.latest()
        new = await sealing.unsealed(MOST)
        if not new:
            return 0, None
        before = None if last is None else self._believed(last)
        size = 0 if last is None else last.size
        tree = GrowingTree(size, await subtrees_of(sealing, (0, size)))
        if before is not None and tree.root != before.root:
            raise CannotSeal(f"The tree does not match checkpoint {size}: run `fna-batch audit verify`.")
        complete: dict[Subtree, bytes] = {}
        for entry in new:
            complete.update(found for found in tree.append(entry.hash) if found[0][0] >= STORED_FROM)
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
        await sealing.add(new, complete, stored)
        return len(new), stored.note

    def _believed(self, stored: StoredCheckpoint) -> Checkpoint:
        try:
            return Checkpoint.parse(opened(stored.note, self.trusted, self._verify))
        except BadNote as wrong:
            raise CannotSeal(
                f"Checkpoint {stored.size} cannot be built upon ({wrong}) Give every process the same "
                "FNA_BATCH_SIGNING_KEY, and name keys of the past in FNA_BATCH_TRUSTED_KEYS."
            ) from wrong
