"""Shadow tables in memory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from adapters.memory.state import State
from adapters.memory.storage import MemoryStorage, MemoryTransaction
from application.operations.ports.shadow_table import ShadowTable, ShadowTables
from application.operator_actions import ActionKind
from application.read_model import BatchJob


class MemoryShadowTable(ShadowTable):
    def __init__(self, storage: MemoryStorage) -> None:
        self._storage, self._jobs = storage, dict[UUID, BatchJob]()

    async def add(self, jobs: Sequence[BatchJob]) -> None:
        """Accept any row: tables in memory have no constraints."""
        self._jobs |= {job.batch_id: job for job in jobs}

    @asynccontextmanager
    async def swap(self, kept_since: datetime) -> AsyncIterator[tuple[MemoryTransaction, tuple[int, int]]]:
        async with self._storage.transaction() as tx:
            state = tx.state
            present = {batch_id: job for batch_id, job in self._jobs.items() if batch_id in state.jobs}
            rewritten = {batch_id: job for batch_id, job in present.items() if state.jobs[batch_id] != job}
            added = self._added(state, kept_since)
            state.jobs |= rewritten | added
            state.busy = {report: batch for report, batch in state.busy.items() if batch not in self._jobs}
            yield tx, (len(rewritten), len(added))

    def _added(self, state: State, kept_since: datetime) -> dict[UUID, BatchJob]:
        tree = self._storage.tree
        cleaned = [datetime.fromisoformat(act.data["before"]) for act in tree.believed(state, ActionKind.CLEANUP)]
        kept_since = max([kept_since, *cleaned])
        erased = {
            (act.data["user_id"], batch_id)
            for act in tree.believed(state, ActionKind.ERASE)
            for batch_id in act.data["batch_ids"]
        }
        return {
            batch_id: job
            for batch_id, job in self._jobs.items()
            if batch_id not in state.jobs
            and job.processed_at is not None
            and job.processed_at >= kept_since
            and (str(job.user_id), str(batch_id)) not in erased
        }


class MemoryShadowTables(ShadowTables):
    def __init__(self, storage: MemoryStorage) -> None:
        self._storage = storage

    @asynccontextmanager
    async def open(self) -> AsyncIterator[ShadowTable | None]:
        if self._storage.rebuilding.locked():
            yield None
            return
        async with self._storage.rebuilding:
            yield MemoryShadowTable(self._storage)
