"""Whether the tree over the log holds: its leaves, its stored subtrees, its signed checkpoints."""

import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from application.audit.batch_audit import Finding
from application.audit.merkle import GrowingTree, Subtree
from application.audit.ports.sealed_log import ArchivedPart, Leaf, SealedLog, StoredCheckpoint, UnsealedAction
from application.audit.ports.signing import Verifier
from application.audit.proofs import STORED_FROM, NoSuchEvent, NotSealed, Proofs, RootMismatch, hash_of
from application.audit.sealer import NOTHING_BEFORE
from application.audit.signed_notes import BadNote, Checkpoint, PublicKey, note_hash, opened
from application.log import GlobalPosition

PAGE = 1024


@dataclass
class _Walk:
    """How far the tree has been recomputed. Once a root does not fit, no later one can."""

    tree: GrowingTree
    global_position: GlobalPosition = (-1, -1)
    previous: StoredCheckpoint | None = None
    position_is_known: bool = False
    fits: bool = True
    archives: Counter[ArchivedPart] = field(default_factory=Counter)
    """How many leaves of each archived part there are, with their events or without."""
    archived_meanwhile: Sequence[ArchivedPart] = ()


class TreeAudit:
    def __init__(self, log: SealedLog, proofs: Proofs, trusted: Sequence[PublicKey], verify: Verifier) -> None:
        self._log, self._proofs, self._trusted, self._verify = log, proofs, trusted, verify

    async def verify(self, kept: Sequence[str] = ()) -> AsyncIterator[tuple[int, Sequence[Finding]]]:
        """How many entries were looked at, with what was found in them. Memory does not grow with the log.

        `kept` are checkpoints that somebody kept elsewhere: the log must begin with what they signed.
        """
        walk, problems = _Walk(GrowingTree()), list[Finding]()
        walk.archives.update(dict.fromkeys(await self._log.archives(), 0))
        known = self._known(kept, problems)
        yield 0, problems
        while (last := await self._log.latest()) is not None and walk.tree.size < last.size:
            checkpoints = self._checkpoints(walk.tree.size)
            pending = await anext(checkpoints, None)
            while walk.tree.size < last.size:
                page = await self._log.leaves((walk.tree.size, min(walk.tree.size + PAGE, last.size)))
                before, problems, complete = walk.tree.size, [], dict[Subtree, bytes]()
                await self._learn_of_new_archives(walk, page)
                for leaf in itertools.takewhile(lambda leaf: leaf.leaf_index == walk.tree.size, page):
                    problems += self._leaf(walk, leaf, pending or last, complete) + self._kept(walk, known)
                    while pending is not None and pending.size <= walk.tree.size:
                        problems += self._checkpoint(walk, pending)
                        pending = await anext(checkpoints, None)
                yield walk.tree.size, problems + await self._nodes(complete)
                if walk.tree.size - before < len(page) or not page:
                    yield walk.tree.size, [Finding(problem=f"leaf {walk.tree.size} of the tree is missing")]
                    return
        yield walk.tree.size, await self._end(walk, known)

    async def _checkpoints(self, above: int) -> AsyncIterator[StoredCheckpoint]:
        while page := await self._log.checkpoints(above=above, limit=PAGE):
            for stored in page:
                yield stored
            above = page[-1].size

    async def _end(self, walk: _Walk, known: dict[int, list[Checkpoint]]) -> list[Finding]:
        size = walk.tree.size
        found = [
            Finding(checkpoint=kept, problem="the log ends before it: the database was rolled back, or its end cut off")
            for kept in sorted(known)
            if kept > size
        ]
        found += [
            Finding(problem=f"{part.events} events below {part.before} were archived, and {number} leaves name such")
            for part, number in walk.archives.items()
            if number != part.events and part.size <= size
        ]
        for unsealed in await self._log.unsealed_actions():
            found += [Finding(act_id=unsealed.act.act_id, problem=problem) for problem in _wrong_with(unsealed)]
        (leaves, nodes), last = await self._log.beyond(size), await self._log.latest()
        if (leaves or nodes) and (last.size if last else 0) == size:  # else more was sealed meanwhile
            problem = (
                f"{leaves} leaves and {nodes} subtrees are covered by no checkpoint: it was removed, or they added"
            )
            found.append(Finding(problem=problem))
        return found

    async def _learn_of_new_archives(self, walk: _Walk, page: Sequence[Leaf]) -> None:
        """Somebody may archive, and move events out, while we walk."""
        if any(leaf.global_position is None and not _archived(walk, leaf) for leaf in page):
            walk.archived_meanwhile = [part for part in await self._log.archives() if part not in walk.archives]

    async def batch(self, batch_id: UUID) -> Sequence[Finding]:
        """Of one batch: that each of its leaves leads to the root that the latest checkpoint signs."""
        found: list[Finding] = []
        for version in itertools.count(1):
            try:
                await self._proofs.inclusion(batch_id, version)
            except RootMismatch:
                problem = "its leaf does not lead to the root that the latest checkpoint signs"
                found.append(Finding(batch_id=batch_id, version=version, problem=problem))
            except (NotSealed, NoSuchEvent):
                break
        return found

    async def sound(self) -> Sequence[Finding]:
        """The latest checkpoint alone: its signature, and that the stored tree gives its root."""
        found: list[Finding] = []
        last = await self._log.latest()
        checkpoint = None if last is None else self._opened(last, found)
        if last and checkpoint and checkpoint.root != await hash_of(self._log, (0, last.size)):
            found.append(_about(last, "its root is not that of the stored tree"))
        return found

    def _known(self, kept: Sequence[str], problems: list[Finding]) -> dict[int, list[Checkpoint]]:
        known: dict[int, list[Checkpoint]] = {}
        for note in kept:
            try:
                checkpoint = Checkpoint.parse(opened(note, self._trusted, self._verify))
            except BadNote as wrong:
                problems.append(Finding(problem=f"a checkpoint that was kept proves nothing: {wrong}"))
            else:
                known.setdefault(checkpoint.size, []).append(checkpoint)
        return known

    def _leaf(
        self, walk: _Walk, leaf: Leaf, pending: StoredCheckpoint, complete: dict[Subtree, bytes]
    ) -> list[Finding]:
        """The leaf is appended; `complete` gets the subtrees that are stored.

        It stands after the leaf before it, and not beyond the last that `pending` covers.
        """
        problems: list[str] = []
        if leaf.act_id is not None:
            if leaf.act is None:
                problems.append("the act was sealed, and is gone")
            elif leaf.act[0].computed_hash() != leaf.entry or leaf.act[1] != leaf.entry:
                problems.append("it is not the act that was sealed")
        elif leaf.global_position is None and not _archived(walk, leaf):
            problems.append("the event was sealed, and is gone")
        for part in walk.archives:
            walk.archives[part] += part.holds(leaf)
        walk.position_is_known = leaf.global_position is not None and leaf.global_position <= pending.global_position
        if leaf.global_position is not None:
            if not walk.global_position < leaf.global_position <= pending.global_position:
                problems.append("it was sealed in another order: its position or transaction was changed")
            if walk.position_is_known:
                walk.global_position = leaf.global_position
        complete.update(grown for grown in walk.tree.append(leaf.entry) if grown[0][0] >= STORED_FROM)
        return [
            Finding(batch_id=leaf.batch_id, version=leaf.version, act_id=leaf.act_id, problem=problem)
            for problem in problems
        ]

    async def _nodes(self, complete: dict[Subtree, bytes]) -> list[Finding]:
        stored = await self._log.subtrees(list(complete))
        return [
            Finding(problem=f"the stored hash of subtree {subtree[0]}/{subtree[1]} is not that of its leaves")
            for subtree, hash_ in complete.items()
            if stored.get(subtree) != hash_
        ]

    def _kept(self, walk: _Walk, known: dict[int, list[Checkpoint]]) -> list[Finding]:
        return [
            Finding(checkpoint=walk.tree.size, problem="the log does not begin with what this kept checkpoint signed")
            for kept in known.get(walk.tree.size, ())
            if kept.root != walk.tree.root
        ]

    def _checkpoint(self, walk: _Walk, stored: StoredCheckpoint) -> list[Finding]:
        found: list[Finding] = []
        checkpoint = self._opened(stored, found)
        before, walk.previous = walk.previous, stored
        if checkpoint is None:
            return found
        if checkpoint.size != stored.size:
            found.append(_about(stored, f"it signs {checkpoint.size} entries"))
        if checkpoint.previous != (note_hash(before.note) if before else NOTHING_BEFORE):
            found.append(_about(stored, "it does not follow the checkpoint before it: one was rewritten or removed"))
        if stored.sealed_at != datetime.fromisoformat(checkpoint.sealed_at):
            found.append(_about(stored, "its row names another time than it signs"))
        if walk.position_is_known and stored.global_position != walk.global_position:
            found.append(_about(stored, "its row names another place for its last entry: sealing went on from there"))
        if stored.previous_size != (before.size if before else None):
            found.append(_about(stored, "it stands elsewhere in the chain of checkpoints"))
        if checkpoint.root != walk.tree.root and walk.fits:
            walk.fits = False
            which = f"entries {before.size if before else 0} to {stored.size - 1}"
            found.append(_about(stored, f"its root does not fit: {which} are not all those that were sealed"))
        return found

    def _opened(self, stored: StoredCheckpoint, found: list[Finding]) -> Checkpoint | None:
        try:
            return Checkpoint.parse(opened(stored.note, self._trusted, self._verify))
        except BadNote as wrong:
            found.append(_about(stored, f"it proves nothing: {wrong}"))
            return None


def _about(stored: StoredCheckpoint, problem: str) -> Finding:
    return Finding(checkpoint=stored.size, problem=problem)


def _wrong_with(unsealed: UnsealedAction) -> Iterator[str]:
    if unsealed.inserted_behind_checkpoint:
        yield "it stands before what is sealed, but is not sealed"
    if unsealed.from_unstarted_transaction:
        yield "its transaction has not begun: it was changed, or comes from another cluster (docs/event-log.md)"
    if unsealed.act.computed_hash() != unsealed.hash:
        yield "its content does not match its hash"


def _archived(walk: _Walk, leaf: Leaf) -> bool:
    return any(part.holds(leaf) for part in (*walk.archives, *walk.archived_meanwhile))
