"""Transactions in memory: one at a time, each on a copy of the state that replaces it on success."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.memory.batch_jobs import MemoryBatchJobs
from adapters.memory.event_store import MemoryEventStore
from adapters.memory.operations import MemoryActions, MemoryReadModelRepair, MemoryUserData
from adapters.memory.reports import MemoryReports
from adapters.memory.state import State
from adapters.memory.submissions import MemoryQueue, MemorySubmissions
from application.operations.ports.storage import OperatorStorage, OperatorTransaction


class MemoryTransaction(OperatorTransaction):
    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def events(self) -> MemoryEventStore:
        return MemoryEventStore(self._state)

    @property
    def batch_jobs(self) -> MemoryBatchJobs:
        return MemoryBatchJobs(self._state)

    @property
    def reports(self) -> MemoryReports:
        return MemoryReports(self._state)

    @property
    def submissions(self) -> MemorySubmissions:
        return MemorySubmissions(self._state)

    @property
    def queue(self) -> MemoryQueue:
        return MemoryQueue(self._state)

    @property
    def repair(self) -> MemoryReadModelRepair:
        return MemoryReadModelRepair(self._state)

    @property
    def user_data(self) -> MemoryUserData:
        return MemoryUserData(self._state)

    @property
    def actions(self) -> MemoryActions:
        return MemoryActions(self._state)


class MemoryStorage(OperatorStorage):
    def __init__(self) -> None:
        self.state = State()
        self._one_at_a_time = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        async with self._one_at_a_time:
            state = self.state.copy()
            yield MemoryTransaction(state)
            self.state = state
