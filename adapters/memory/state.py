"""The state of the storage in memory: the tables that transactions write, and the tree that seals extend."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from application.audit.merkle import Subtree
from application.audit.ports.checkpoints import StoredCheckpoint
from application.audit.ports.sealing import Unsealed
from application.log import GlobalPosition, StoredEvent
from application.operator_actions import ActionKind, OperatorAction
from application.ports.submissions import QueueEntry
from application.read_model import BatchJob
from domain.analysis import NarrativeAnalysis
from domain.reports import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAction:
    """A recorded operator action with its stored hash."""

    action: OperatorAction
    hash: bytes
    global_position: GlobalPosition


@dataclass(kw_only=True)
class State:
    """The tables. Each transaction works on a copy, which replaces the original on success."""

    events: dict[UUID, tuple[StoredEvent, ...]] = field(default_factory=dict)
    positions: dict[tuple[UUID, int], GlobalPosition] = field(default_factory=dict)
    """By batch and version, in the order of the log."""
    actions: dict[UUID, StoredAction] = field(default_factory=dict)
    jobs: dict[UUID, BatchJob] = field(default_factory=dict)
    busy: dict[UUID, UUID] = field(default_factory=dict)
    reports: dict[UUID, Report] = field(default_factory=dict)
    contents: dict[UUID, bytes] = field(default_factory=dict)
    analyses: dict[UUID, tuple[UUID, UUID, NarrativeAnalysis]] = field(default_factory=dict)
    keys: dict[tuple[UUID, str], tuple[bytes, UUID]] = field(default_factory=dict)
    queue: dict[UUID, QueueEntry] = field(default_factory=dict)
    transaction: int = 0
    """The id of the latest transaction."""

    def begun(self) -> "State":
        """Return a copy for the next transaction."""
        return State(
            events=self.events.copy(),
            positions=self.positions.copy(),
            actions=self.actions.copy(),
            jobs=self.jobs.copy(),
            busy=self.busy.copy(),
            reports=self.reports.copy(),
            contents=self.contents.copy(),
            analyses=self.analyses.copy(),
            keys=self.keys.copy(),
            queue=self.queue.copy(),
            transaction=self.transaction + 1,
        )

    def log(self) -> Iterator[tuple[GlobalPosition, StoredEvent]]:
        """Yield every event in commit order."""
        events = {(event.batch_id, event.version): event for stream in self.events.values() for event in stream}
        for key, position in sorted(self.positions.items(), key=lambda item: item[1]):
            if key in events:
                yield position, events[key]

    def latest_batch_of(self, report_id: UUID) -> UUID | None:
        """Return the batch that was submitted last with this report."""
        latest = None
        for _, event in self.log():
            if event.version == 1 and str(report_id) in event.data.get("report_ids", ()):
                latest = event.batch_id
        return latest


@dataclass(kw_only=True)
class StoredTree:
    """The leaves by their index, the larger subtrees, and the checkpoints by their size."""

    leaves: dict[int, Unsealed] = field(default_factory=dict)
    subtrees: dict[Subtree, bytes] = field(default_factory=dict)
    checkpoints: dict[int, StoredCheckpoint] = field(default_factory=dict)

    def copy(self) -> "StoredTree":
        return StoredTree(leaves=self.leaves.copy(), subtrees=self.subtrees.copy(), checkpoints=self.checkpoints.copy())

    @property
    def latest(self) -> StoredCheckpoint | None:
        return self.checkpoints[max(self.checkpoints)] if self.checkpoints else None

    @property
    def end(self) -> GlobalPosition:
        """The global position of the last leaf that a checkpoint covers."""
        return self.latest.global_position if self.latest else (0, 0)

    def covered(self) -> Iterator[Unsealed]:
        """Yield the leaves that the latest checkpoint covers."""
        for leaf_index, leaf in sorted(self.leaves.items()):
            if self.latest and leaf_index < self.latest.size:
                yield leaf

    def believed(self, state: State, kind: ActionKind) -> Iterator[OperatorAction]:
        """Yield the undamaged actions of a kind that a checkpoint covers, or that the next one will cover."""
        covered = {leaf.act_id: leaf.hash for leaf in self.covered()}
        for act_id, stored in state.actions.items():
            started = stored.global_position[0] <= state.transaction
            sealable = started and stored.global_position > self.end
            undamaged = stored.action.computed_hash() == stored.hash
            if stored.action.kind == kind and undamaged and (sealable or covered.get(act_id) == stored.hash):
                yield stored.action
