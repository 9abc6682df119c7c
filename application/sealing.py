"""Sealing: what was appended since the latest checkpoint goes into the tree, and a new checkpoint is signed."""

from collections.abc import Sequence
from datetime import datetime

from application.errors import CannotSeal
from application.log import instant
from application.merkle import GrowingTree, Subtree
from application.notes import BadNote, Checkpoint, PublicKey, note_hash, opened, public_key, sign
from application.ports.edges import Clock
from application.ports.sealed_log import SealedLog, Sealing, StoredCheckpoint
from application.ports.signing import Signer, Verifier
from application.proofs import STORED_FROM, subtrees_of

MOST = 1000
"""Entries that one checkpoint adds."""
NOTHING_BEFORE = bytes(32)


class Sealer:
    """`signer` signs; checkpoints that it, or one of `trusted`, has signed are built upon."""

    def __init__(
        self, log: SealedLog, signer: Signer, trusted: Sequence[PublicKey], verify: Verifier, clock: Clock
    ) -> None:
        self._log, self._signer, self._verify, self._clock = log, signer, verify, clock
        self.trusted = (public_key(signer), *trusted)

    async def seal(self) -> int:
        """Seal up to a thousand entries; how many it were. None while somebody else seals.

        Raises CannotSeal or StorageUnavailable.
        """
        async with self._log.sealing() as sealing:
            return 0 if sealing is None else await self._seal(sealing)

    async def seal_all(self) -> int:
        """Seal what can be sealed now, however many checkpoints that takes; what comes meanwhile is left."""
        total = sealed = await self.seal()
        while sealed == MOST:
            sealed = await self.seal()
            total += sealed
        return total

    async def _seal(self, sealing: Sealing) -> int:
        last = await sealing.latest()
        new = await sealing.unsealed(MOST)
        if not new:
            return 0
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
            place=new[-1].place,
        )
        await sealing.add(new, complete, stored)
        return len(new)

    def _believed(self, stored: StoredCheckpoint) -> Checkpoint:
        try:
            return Checkpoint.parse(opened(stored.note, self.trusted, self._verify))
        except BadNote as wrong:
            raise CannotSeal(
                f"Checkpoint {stored.size} cannot be built upon ({wrong}) Give every process the same "
                "FNA_BATCH_SIGNING_KEY, and name keys of the past in FNA_BATCH_TRUSTED_KEYS."
            ) from wrong
