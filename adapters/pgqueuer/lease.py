"""A worker's lease on one batch: a mark on its row in the queue."""

import asyncio
from collections.abc import Awaitable, Callable

from pgqueuer.domain.models import Job

from application.ports.worker import Lease

ANALYSING = '{"working": true}'
"""The row's headers while a report of the batch is being analysed: if its worker dies, the next start is an attempt."""


class QueueLease(Lease):
    """`settle` runs a statement on the row until the database takes it; `stopping` tells whether the worker stops.

    While the worker stops, no further report is begun.
    """

    def __init__(self, job: Job, settle: Callable[..., Awaitable[None]], stopping: Callable[[], bool]) -> None:
        self._job, self._settle, self._stopping = job, settle, stopping
        self._marked = bool(job.headers and job.headers.get("working"))
        self._counts_as_attempt = self._marked
        self.analysing = False

    @property
    def counts_as_attempt(self) -> bool:
        return self._counts_as_attempt

    @property
    def headers_to_hand_back(self) -> str | None:
        """The mark of the holder before, when this one hands the batch back without having begun a report."""
        begun = self.analysing or not self._counts_as_attempt
        return ANALYSING if self._marked and not begun else None

    async def mark_analysing(self) -> None:
        """Raises CancelledError while the worker stops."""
        if self._stopping():
            raise asyncio.CancelledError
        await self._mark(analysing=True)
        self.analysing = True

    async def mark_waiting(self) -> None:
        self.analysing = False
        await self._mark(analysing=False)

    async def _mark(self, *, analysing: bool) -> None:
        if analysing != self._marked:
            await self._settle("mark_lease", self._job, headers=ANALYSING if analysing else None)
            self._marked = analysing
