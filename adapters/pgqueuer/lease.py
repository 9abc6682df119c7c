"""A worker's lease on one batch: its entry in the queue, marked while a report of the batch is being analysed."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from pgqueuer.domain.models import Job

from adapters.pgqueuer.entry_updates import EntryUpdates
from application.ports.worker import Lease

ANALYSING = '{"working": true}'
"""The entry's headers while a report is being analysed. If the worker dies then, the next start is an attempt."""
NO_DELAY = timedelta()


class QueueLease(Lease):
    """A lease stored in the queue entry that the worker claimed."""

    def __init__(self, job: Job, updates: EntryUpdates, *, is_stopping: Callable[[], bool]) -> None:
        self._entry_id, self._updates, self._is_stopping = job.id, updates, is_stopping
        self._is_marked = bool(job.headers and job.headers.get("working"))
        self._counts_as_attempt = self._is_marked
        self.is_analysing = False

    @property
    def counts_as_attempt(self) -> bool:
        return self._counts_as_attempt

    @property
    def next_start_counts_as_attempt(self) -> bool:
        """Whether the next start counts as an attempt if this worker stops and hands the batch back now.

        That is so if this worker inherited an attempt from the previous holder, and began no report since.
        """
        return self._counts_as_attempt and self._is_marked and not self.is_analysing

    async def mark_analysing(self) -> None:
        """Record that a report of the batch is being analysed. Raises CancelledError if the worker is stopping."""
        if self._is_stopping():
            raise asyncio.CancelledError
        await self._mark(analysing=True)
        self.is_analysing = True

    async def mark_waiting(self) -> None:
        self.is_analysing = False
        await self._mark(analysing=False)

    async def complete(self) -> None:
        """Remove the batch from the queue."""
        await self._updates.run("complete_queue_entry", self._entry_id)

    async def hand_back(self, *, counts_as_attempt: bool, delay: timedelta = NO_DELAY) -> None:
        """Let any worker claim the batch after the delay; `counts_as_attempt` is passed on to that worker's lease."""
        headers = ANALYSING if counts_as_attempt else None
        await self._updates.run("hand_back", self._entry_id, delay=delay, headers=headers)

    async def _mark(self, *, analysing: bool) -> None:
        if analysing != self._is_marked:
            await self._updates.run("mark_lease", self._entry_id, headers=ANALYSING if analysing else None)
            self._is_marked = analysing
