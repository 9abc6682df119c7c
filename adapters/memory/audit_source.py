"""The log, the tree and the read model in memory, side by side."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from adapters.memory.state import State, StoredTree
from adapters.memory.storage import MemoryStorage
from application.audit.ports.audit_source import AuditedBatch, AuditSource
from application.operator_actions import ActionKind


class MemoryAuditSource(AuditSource):
    def __init__(self, storage: MemoryStorage) -> None:
        self._storage = storage

    async def batch(self, batch_id: UUID) -> AuditedBatch:
        (found,) = _side_by_side(self._storage.state, self._storage.tree, [batch_id])
        return found

    async def batches(self, after: UUID | None = None, page: int = 500) -> AsyncIterator[AuditedBatch]:
        while batch_ids := self._page(after, page):
            for audited in _side_by_side(self._storage.state, self._storage.tree, batch_ids):
                yield audited
            after = batch_ids[-1]

    async def count(self) -> int:
        return sum(event.version == 1 for _, event in self._storage.state.log())

    def _page(self, after: UUID | None, limit: int) -> Sequence[UUID]:
        state, leaves = self._storage.state, self._storage.tree.leaves.values()
        known = {event.batch_id for _, event in state.log()} | state.jobs.keys() | set(state.busy.values())
        known |= {leaf.batch_id for leaf in leaves if leaf.batch_id}
        return sorted(batch_id for batch_id in known if after is None or batch_id > after)[:limit]


def _side_by_side(state: State, tree: StoredTree, batch_ids: Sequence[UUID]) -> Sequence[AuditedBatch]:
    leaves: dict[UUID, dict[int, bytes]] = defaultdict(dict)
    for leaf in tree.covered():
        if leaf.batch_id and leaf.version:
            leaves[leaf.batch_id][leaf.version] = leaf.hash
    cleaned = [datetime.fromisoformat(act.data["before"]) for act in tree.believed(state, ActionKind.CLEANUP)]
    archived = [UUID(act.data["before"]) for act in tree.believed(state, ActionKind.ARCHIVE)]
    erased = {
        (act.data["user_id"], batch_id)
        for act in tree.believed(state, ActionKind.ERASE)
        for batch_id in act.data["batch_ids"]
    }
    found = []
    for batch_id in batch_ids:
        events = state.events.get(batch_id, ())
        submitted = events[0].data if events and events[0].version == 1 else {}
        positions = {event.version: state.positions[batch_id, event.version] for event in events}
        audited = AuditedBatch(
            batch_id=batch_id,
            events=events,
            job=state.jobs.get(batch_id),
            leaves=leaves[batch_id],
            inserted_behind_checkpoint={
                version for version, at in positions.items() if at <= tree.end and version not in leaves[batch_id]
            },
            from_unstarted_transaction={version for version, at in positions.items() if at[0] > state.transaction},
            report_statuses=_statuses(state, batch_id, submitted.get("report_ids", ())),
            busy={report_id for report_id, holder in state.busy.items() if holder == batch_id},
            cleaned_before=max(cleaned, default=None),
            erased=(submitted.get("user_id"), str(batch_id)) in erased,
            archived=any(batch_id < before for before in archived),
        )
        found.append(audited)
    return found


def _statuses(state: State, batch_id: UUID, report_ids: Sequence[str]) -> Mapping[UUID, str]:
    """Return the statuses of those reports whose latest batch this is."""
    reports = [state.reports[UUID(each)] for each in report_ids if UUID(each) in state.reports]
    return {
        report.report_id: report.processing_status
        for report in reports
        if state.latest_batch_of(report.report_id) == batch_id
    }
