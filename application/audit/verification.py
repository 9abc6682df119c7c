"""The front door of the audit: verify a batch, everything, a sample or a page, and read what there is to verify.

Every verification also checks the latest checkpoint, the one that this machine remembers, and those that the caller
kept. Of several pages, the first does.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.audit.batch_audit import BatchAudit, History
from application.audit.findings import Finding, FindingKind, Table
from application.audit.ports.checkpoints import StoredCheckpoint
from application.audit.ports.recorded_actions import RecordedActions
from application.audit.ports.sealed_log import SealedTree
from application.audit.ports.uncovered import Uncovered
from application.audit.ports.witness import Witness, WitnessUnreadable
from application.audit.tree_audit import TreeAudit
from application.audit.verified import OnProgress, Phase, Verified, VerifiedPage, ignore
from application.log import GlobalPosition, StoredEvent
from application.operator_actions import OperatorAction
from application.ports.storage import Storage

PROVEN = 10
"""Batches of a sample whose leaves are followed up to the signed root."""


class VerifiedLog(SealedTree, RecordedActions, Uncovered, Protocol):
    """The parts of the sealed log that verification reads."""


class Verification:
    """The use cases of verification. In every method `kept` holds the signed notes that the caller kept."""

    def __init__(
        self, batches: BatchAudit, tree: TreeAudit, log: VerifiedLog, storage: Storage, witness: Witness
    ) -> None:
        self._batches, self._tree, self._log, self._storage, self._witness = batches, tree, log, storage, witness

    async def everything(self, kept: Sequence[str] = (), on_progress: OnProgress = ignore) -> Verified:
        """Check every batch, and recompute the whole tree."""
        findings = dict[Finding, None]()
        checked, total = 0, await self._batches.count()
        async for _, found in self._batches.batches():
            checked += 1
            findings.update(dict.fromkeys(found))
            on_progress(Phase.BATCHES, checked, total)
        sealed = await self._recompute_tree(kept, findings, on_progress)
        return await self._verified(checked, sealed, findings)

    async def batch(self, batch_id: UUID, kept: Sequence[str] = (), on_progress: OnProgress = ignore) -> Verified:
        """Check one batch and its leaves; recompute the whole tree only for checkpoints that the caller kept."""
        findings = dict.fromkeys([*await self._batches.batch(batch_id), *await self._tree.batch(batch_id)])
        on_progress(Phase.BATCHES, 1, 1)
        sealed = 0
        if kept:
            sealed = await self._recompute_tree(kept, findings, on_progress)
        else:
            findings.update(dict.fromkeys(await self._checkpoint_findings(())))
        return await self._verified(1, sealed, findings, batch_id)

    async def page(self, after: UUID | None, limit: int, kept: Sequence[str] = ()) -> VerifiedPage:
        """Check up to `limit` batches with ids above `after`; with the first page, also the checkpoints."""
        page, following = await self._batches.page(after, limit)
        findings = [] if after else await self._checkpoint_findings(kept)
        findings += [finding for _, found in page for finding in found]
        return VerifiedPage(batches=len(page), findings=findings, following=following)

    async def sample(self, size: int, pick: Callable[[int], int]) -> VerifiedPage:
        """Check `size` batches from a random one on, the leaves of some of them, and the checkpoints.

        `pick` gives a random number below its argument.
        """
        page, following = await self._batches.page(await self._start_of_sample(pick), size)
        findings = await self._checkpoint_findings(())
        findings += [finding for _, found in page for finding in found]
        for batch_id, _ in page[:PROVEN]:
            findings += await self._tree.batch(batch_id)
        return VerifiedPage(batches=len(page), findings=findings, following=following)

    async def checkpoint_findings(self) -> Sequence[Finding]:
        """Check the checkpoints alone: the latest, and the one that this machine remembers."""
        return await self._checkpoint_findings(())

    async def history(self, batch_id: UUID, as_of: datetime | None = None) -> History:
        """Return the events of a batch up to an instant. Raises UnknownToTheLog."""
        return await self._batches.history(batch_id, as_of)

    async def log(self, after: GlobalPosition, limit: int) -> Sequence[tuple[GlobalPosition, StoredEvent]]:
        """Return a page of the whole log in commit order."""
        async with self._storage.transaction() as tx:
            return await tx.events.log(after, limit)

    async def actions(self, *, after: UUID | None, limit: int) -> Sequence[tuple[OperatorAction, bytes]]:
        """Return a page of operator actions with their stored hashes, the oldest first."""
        return await self._log.actions(after=after, limit=limit)

    async def all_actions(self, page_size: int = 1000) -> AsyncIterator[tuple[OperatorAction, bytes]]:
        """Yield every operator action with its stored hash, the oldest first."""
        after: UUID | None = None
        while page := await self._log.actions(after=after, limit=page_size):
            for action, hash_ in page:
                yield action, hash_
            after = page[-1][0].act_id

    async def checkpoints(self, *, below: int | None, limit: int) -> Sequence[StoredCheckpoint]:
        """Return a page of signed checkpoints, the largest first."""
        return await self._log.newest(below=below, limit=limit)

    async def latest_checkpoint(self) -> StoredCheckpoint | None:
        return await self._log.latest()

    async def batch_count(self) -> int:
        """Return the approximate number of batches."""
        return await self._batches.count()

    def _with_remembered(self, kept: Sequence[str]) -> tuple[Sequence[str], Sequence[Finding]]:
        """Return the kept notes and the one that this machine remembers, and a finding if that is unreadable."""
        try:
            note = self._witness.remembered()
        except WitnessUnreadable as unreadable:
            kind, table = FindingKind.UNUSABLE_CHECKPOINT, Table.CHECKPOINTS
            return kept, [Finding(kind=kind, table=table, problem=str(unreadable))]
        return (kept if note is None else [*kept, note]), []

    async def _checkpoint_findings(self, kept: Sequence[str]) -> list[Finding]:
        notes, unreadable = self._with_remembered(kept)
        latest = await self._tree.latest_checkpoint()
        return [*latest, *unreadable, *await self._tree.kept_checkpoints(notes)]

    async def _recompute_tree(self, kept: Sequence[str], findings: dict[Finding, None], on_progress: OnProgress) -> int:
        notes, unreadable = self._with_remembered(kept)
        findings.update(dict.fromkeys(unreadable))
        last, done = await self._log.latest(), 0
        async for done, found in self._tree.recompute(notes):
            findings.update(dict.fromkeys(found))
            on_progress(Phase.TREE, done, last.size if last else 0)
        return done

    async def _start_of_sample(self, pick: Callable[[int], int]) -> UUID | None:
        """Return the id just below that of a random leaf's batch; None to begin with the first batch."""
        last = await self._log.latest()
        leaf_index = pick(last.size) if last else 0
        for leaf in await self._log.leaves((leaf_index, leaf_index + 1)) if last else ():
            if leaf.batch_id and leaf.batch_id.int:
                return UUID(int=leaf.batch_id.int - 1)
        return None

    async def _verified(
        self, batches: int, sealed: int, findings: dict[Finding, None], batch_id: UUID | None = None
    ) -> Verified:
        below = max((part.before for part in await self._log.archives()), default=None)
        if batch_id is not None and below is not None and batch_id >= below:
            below = None
        unsealed, since = await self._log.unsealed_tail()
        return Verified(
            batches=batches,
            sealed=sealed,
            archived_below=below,
            unsealed=unsealed,
            unsealed_since=since,
            findings=list(findings),
        )
