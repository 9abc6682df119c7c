"""Checking the signed tree over the log: its leaves, its stored subtrees, its checkpoints."""

import itertools
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Protocol
from uuid import UUID

from application.audit.findings import Finding, FindingKind, Table
from application.audit.merkle import Subtree
from application.audit.ports.checkpoints import StoredCheckpoint
from application.audit.ports.recorded_actions import RecordedActions
from application.audit.ports.sealed_log import Leaf, SealedTree
from application.audit.ports.signing import Verifier
from application.audit.ports.uncovered import Uncovered, UnsealedAction
from application.audit.proofs import NoSuchEvent, NotSealed, Proofs, RootMismatch
from application.audit.signed_notes import Checkpoint, InvalidNote, PublicKey, opened_checkpoint
from application.audit.tree import hash_of
from application.audit.tree_walk import TreeWalk, about_checkpoint

PAGE = 1024
Kept = dict[int, list[Checkpoint]]
"""Kept checkpoints by size."""


class AuditedLog(SealedTree, RecordedActions, Uncovered, Protocol):
    """The parts of the sealed log that this audit reads."""


class TreeAudit:
    """The audit of the signed tree.

    `kept` are signed notes kept out of reach of the database: the log must still begin with what each of them signed.
    """

    def __init__(self, log: AuditedLog, proofs: Proofs, trusted: Sequence[PublicKey], verify: Verifier) -> None:
        self._log, self._proofs, self._trusted, self._verify = log, proofs, trusted, verify

    async def recompute(self, kept: Sequence[str] = ()) -> AsyncIterator[tuple[int, Sequence[Finding]]]:
        """Recompute the whole tree; yield the count of leaves done, with the findings among them.

        Memory does not grow with the log.
        """
        walk = TreeWalk()
        walk.archives.update(dict.fromkeys(await self._log.archives(), 0))
        known, findings = self._opened_kept(kept)
        yield 0, findings
        while (last := await self._log.latest()) is not None and walk.tree.size < last.size:
            checkpoints = self._checkpoints(walk.tree.size)
            pending = await anext(checkpoints, None)
            while walk.tree.size < last.size:
                page = await self._log.leaves((walk.tree.size, min(walk.tree.size + PAGE, last.size)))
                before, findings, complete = walk.tree.size, [], dict[Subtree, bytes]()
                await self._reload_archives_if_missing(walk, page)
                for leaf in itertools.takewhile(lambda leaf: leaf.leaf_index == walk.tree.size, page):
                    findings += walk.append(leaf, pending or last, complete)
                    if walk.tree.size in known:
                        findings += _kept_root_mismatches(known, walk.tree.size, walk.tree.root)
                    while pending is not None and pending.size <= walk.tree.size:
                        signed = self._opened(pending, findings)
                        findings += walk.compare(pending, signed)
                        pending = await anext(checkpoints, None)
                yield walk.tree.size, findings + await self._wrong_subtrees(complete)
                if walk.tree.size - before < len(page) or not page:
                    problem = f"leaf {walk.tree.size} of the tree is missing"
                    yield walk.tree.size, [Finding(table=Table.SEALED_ENTRIES, problem=problem)]
                    return
        yield walk.tree.size, [finding async for finding in self._final_findings(walk, known)]

    async def latest_checkpoint(self) -> Sequence[Finding]:
        """Check the latest checkpoint alone: its signature, and that the stored tree gives its root."""
        findings: list[Finding] = []
        last = await self._log.latest()
        signed = None if last is None else self._opened(last, findings)
        if last and signed and signed.root != await hash_of(self._log, (0, last.size)):
            findings.append(about_checkpoint(last, "its root is not that of the stored tree"))
        return findings

    async def kept_checkpoints(self, kept: Sequence[str]) -> Sequence[Finding]:
        """Check kept checkpoints against the stored tree, without recomputing it."""
        known, findings = self._opened_kept(kept)
        last = await self._log.latest()
        size = last.size if last else 0
        findings += _checkpoints_beyond_log(known, size)
        for kept_size in sorted(known):
            if kept_size <= size:
                findings += _kept_root_mismatches(known, kept_size, await hash_of(self._log, (0, kept_size)))
        return findings

    async def batch(self, batch_id: UUID) -> Sequence[Finding]:
        """Check that each leaf of one batch leads to the root that the latest checkpoint signs."""
        findings: list[Finding] = []
        for version in itertools.count(1):
            try:
                await self._proofs.inclusion(batch_id, version)
            except RootMismatch:
                problem = "its leaf does not lead to the root that the latest checkpoint signs"
                findings.append(
                    Finding(table=Table.SEALED_ENTRIES, batch_id=batch_id, version=version, problem=problem)
                )
            except (NotSealed, NoSuchEvent):
                break
        return findings

    async def _checkpoints(self, above: int) -> AsyncIterator[StoredCheckpoint]:
        while page := await self._log.checkpoints(above=above, limit=PAGE):
            for stored in page:
                yield stored
            above = page[-1].size

    async def _final_findings(self, walk: TreeWalk, known: Kept) -> AsyncIterator[Finding]:
        size = walk.tree.size
        for finding in _checkpoints_beyond_log(known, size):
            yield finding
        for part, leaves in walk.archives.items():
            if leaves != part.events and part.size <= size:
                problem = (
                    f"{part.events} events below {part.before} were archived, but {leaves} leaves name such events"
                )
                yield Finding(table=Table.AUDIT_ACTS, problem=problem)
        for unsealed in await self._log.unsealed_actions():
            for problem in _problems_of(unsealed):
                yield Finding(table=Table.AUDIT_ACTS, act_id=unsealed.action.act_id, problem=problem)
        (leaves, subtrees), last = await self._log.beyond(size), await self._log.latest()
        if (leaves or subtrees) and (last.size if last else 0) == size:  # otherwise a new checkpoint covers them
            problem = (
                f"no checkpoint covers {leaves} leaves and {subtrees} subtrees: the checkpoint was removed, or they "
                "were inserted"
            )
            yield Finding(table=Table.SEALED_ENTRIES, problem=problem)

    async def _reload_archives_if_missing(self, walk: TreeWalk, page: Sequence[Leaf]) -> None:
        """Reload the archives if events are missing: an operator may archive them during the walk."""
        if any(leaf.global_position is None and not walk.is_archived(leaf) for leaf in page):
            walk.archived_meanwhile = [part for part in await self._log.archives() if part not in walk.archives]

    async def _wrong_subtrees(self, complete: dict[Subtree, bytes]) -> list[Finding]:
        stored = await self._log.subtrees(list(complete))
        return [
            Finding(
                table=Table.TREE_NODES,
                column="hash",
                problem=f"the stored hash of subtree {level}/{index} is not that of its leaves",
            )
            for (level, index), hash_ in complete.items()
            if stored.get((level, index)) != hash_
        ]

    def _opened_kept(self, kept: Sequence[str]) -> tuple[Kept, list[Finding]]:
        known, findings = Kept(), list[Finding]()
        for note in kept:
            try:
                checkpoint = opened_checkpoint(note, self._trusted, self._verify)
            except InvalidNote as wrong:
                problem = f"a kept checkpoint proves nothing: {wrong}"
                kind = FindingKind.UNUSABLE_CHECKPOINT
                findings.append(Finding(kind=kind, table=Table.CHECKPOINTS, problem=problem))
            else:
                known.setdefault(checkpoint.size, []).append(checkpoint)
        return known, findings

    def _opened(self, stored: StoredCheckpoint, findings: list[Finding]) -> Checkpoint | None:
        try:
            return opened_checkpoint(stored.note, self._trusted, self._verify)
        except InvalidNote as wrong:
            findings.append(about_checkpoint(stored, f"it proves nothing: {wrong}"))
            return None


def _kept_root_mismatches(known: Kept, size: int, root: bytes) -> list[Finding]:
    problem = "the log does not begin with what this kept checkpoint signed"
    return [
        Finding(table=Table.CHECKPOINTS, checkpoint=size, problem=problem)
        for kept in known.get(size, ())
        if kept.root != root
    ]


def _checkpoints_beyond_log(known: Kept, size: int) -> list[Finding]:
    problem = "the log ends before it: the database was rolled back, or its end was cut off"
    return [
        Finding(table=Table.CHECKPOINTS, checkpoint=kept_size, problem=problem)
        for kept_size in sorted(known)
        if kept_size > size
    ]


def _problems_of(unsealed: UnsealedAction) -> Iterator[str]:
    if unsealed.inserted_behind_checkpoint:
        yield "no checkpoint covers it, although later entries are covered"
    if unsealed.from_unstarted_transaction:
        yield "its transaction has not started: it was changed, or comes from another cluster (docs/event-log.md)"
    if unsealed.action.computed_hash() != unsealed.hash:
        yield "its content does not match its hash"
