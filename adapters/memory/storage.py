"""Transactions in memory: one at a time, each on a copy of the state that replaces it on success."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from adapters.memory.batch_jobs import MemoryBatchJobs
from adapters.memory.event_store import MemoryEventStore
from adapters.memory.operations import MemoryActions, MemoryReadModelRepair, MemoryUserData
from adapters.memory.reports import MemoryReports
from adapters.memory.state import State, StoredTree
from adapters.memory.submissions import MemoryDispatcher, MemorySubmissions
from application.operations.ports.storage import OperatorStorage, OperatorTransaction
from application.ports.clock import Clock


class MemoryTransaction(OperatorTransaction):
    def __init__(self, state: State, tree: StoredTree, clock: Clock) -> None:
        self.state, self._tree, self._clock = state, tree, clock

    @property
    def events(self) -> MemoryEventStore:
        return MemoryEventStore(self.state, self._tree)

    @property
    def batch_jobs(self) -> MemoryBatchJobs:
        return MemoryBatchJobs(self.state)

    @property
    def reports(self) -> MemoryReports:
        return MemoryReports(self.state)

    @property
    def submissions(self) -> MemorySubmissions:
        return MemorySubmissions(self.state)

    @property
    def queue(self) -> MemoryDispatcher:
        return MemoryDispatcher(self.state)

    @property
    def repair(self) -> MemoryReadModelRepair:
        return MemoryReadModelRepair(self.state)

    @property
    def user_data(self) -> MemoryUserData:
        return MemoryUserData(self.state)

    @property
    def actions(self) -> MemoryActions:
        return MemoryActions(self.state, self._clock)


class MemoryStorage(OperatorStorage):
    """`clock` stands for that of the database. One sealer and one rebuild hold their locks at a time."""

    def __init__(self, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self.state, self.tree = State(), StoredTree()
        self.sealing, self.rebuilding = asyncio.Lock(), asyncio.Lock()
        self._clock, self._one_at_a_time = clock, asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        async with self._one_at_a_time:
            state = self.state.begun()
            yield MemoryTransaction(state, self.tree, self._clock)
            self.state = state
