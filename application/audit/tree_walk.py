"""Recomputing the tree leaf by leaf, and comparing each step with what is stored and signed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from application.audit.findings import Finding, Table
from application.audit.merkle import GrowingTree, Subtree
from application.audit.ports.checkpoints import StoredCheckpoint
from application.audit.ports.recorded_actions import ArchivedPart
from application.audit.ports.sealed_log import Leaf
from application.audit.sealer import NOTHING_BEFORE
from application.audit.signed_notes import Checkpoint, note_hash
from application.audit.tree import STORED_FROM
from application.log import GlobalPosition


@dataclass
class TreeWalk:
    """The tree as far as it has been recomputed. After the first root that does not match, no later one can."""

    tree: GrowingTree = field(default_factory=GrowingTree)
    archives: Counter[ArchivedPart] = field(default_factory=Counter)
    """The count of leaves in each archived part, whether their events are still in the database or not."""
    archived_meanwhile: Sequence[ArchivedPart] = ()
    previous: StoredCheckpoint | None = None
    _global_position: GlobalPosition = (-1, -1)
    _position_is_known: bool = False
    _roots_match: bool = True

    def append(self, leaf: Leaf, next_checkpoint: StoredCheckpoint, complete: dict[Subtree, bytes]) -> list[Finding]:
        """Append the next leaf, and add to `complete` each finished subtree that the database should store.

        Report a leaf whose global position is not above that of the leaf before it, or is above that of
        `next_checkpoint`.
        """
        problems = list(self._content_problems(leaf))
        for part in self.archives:
            self.archives[part] += part.holds(leaf.leaf_index, leaf.batch_id)
        at = leaf.global_position
        self._position_is_known = at is not None and at <= next_checkpoint.global_position
        if at is not None:
            if not self._global_position < at <= next_checkpoint.global_position:
                problems.append("a checkpoint covers it in another order: its position or transaction was changed")
            if self._position_is_known:
                self._global_position = at
        complete.update(subtree for subtree in self.tree.append(leaf.leaf_data) if subtree[0][0] >= STORED_FROM)
        table = Table.BATCH_EVENTS if leaf.act_id is None else Table.AUDIT_ACTS
        return [
            Finding(table=table, batch_id=leaf.batch_id, version=leaf.version, act_id=leaf.act_id, problem=problem)
            for problem in problems
        ]

    def _content_problems(self, leaf: Leaf) -> Iterator[str]:
        if leaf.act_id is not None:
            if leaf.action is None:
                yield "a checkpoint covers the action, but the action is missing"
            elif leaf.action[0].computed_hash() != leaf.leaf_data or leaf.action[1] != leaf.leaf_data:
                yield "it is not the action that a checkpoint covers"
        elif leaf.global_position is None and not self.is_archived(leaf):
            yield "a checkpoint covers the event, but the event is missing"

    def is_archived(self, leaf: Leaf) -> bool:
        parts = (*self.archives, *self.archived_meanwhile)
        return any(part.holds(leaf.leaf_index, leaf.batch_id) for part in parts)

    def compare(self, stored: StoredCheckpoint, signed: Checkpoint | None) -> Iterator[Finding]:
        """Compare a checkpoint with the tree of its size and with the checkpoint before it.

        `signed` is None if the note proves nothing; the next checkpoint still follows this one.
        """
        before, self.previous = self.previous, stored
        if signed is None:
            return
        if signed.size != stored.size:
            yield about_checkpoint(stored, f"it signs {signed.size} entries")
        if signed.previous != (note_hash(before.note) if before else NOTHING_BEFORE):
            yield about_checkpoint(stored, "it does not follow the checkpoint before it: one was rewritten or removed")
        if stored.sealed_at != datetime.fromisoformat(signed.sealed_at):
            yield about_checkpoint(stored, "its row names another time than it signs", "sealed_at")
        if self._position_is_known and stored.global_position != self._global_position:
            problem = "its row names another position for its last entry: sealing would go on from there"
            yield about_checkpoint(stored, problem, "position")
        if stored.previous_size != (before.size if before else None):
            yield about_checkpoint(stored, "its row names another checkpoint before it", "previous_size")
        if signed.root != self.tree.root and self._roots_match:
            self._roots_match = False
            entries = f"entries {before.size if before else 0} to {stored.size - 1}"
            yield about_checkpoint(stored, f"its root does not match: {entries} are not those that it signed")


def about_checkpoint(stored: StoredCheckpoint, problem: str, column: str = "note") -> Finding:
    return Finding(table=Table.CHECKPOINTS, column=column, checkpoint=stored.size, problem=problem)
