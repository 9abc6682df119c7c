"""The port by which batches reach a worker, and the worker's lease on each of them."""

from collections.abc import Awaitable, Callable
from typing import Protocol
from uuid import UUID


class Lease(Protocol):
    """A worker's hold on one batch.

    The marks are stored with the lease, so that the next holder learns whether a report was being analysed when this
    holder died. Both methods retry while the database is away.
    """

    @property
    def counts_as_attempt(self) -> bool:
        """Whether the next start of this batch counts as an attempt at its next report.

        It does if the previous holder was analysing that report when it lost the lease.
        """
        ...

    async def mark_analysing(self) -> None:
        """Record that a report of the batch is being analysed."""
        ...

    async def mark_waiting(self) -> None:
        """Record that the batch is waiting for a free slot."""
        ...


RunBatch = Callable[[UUID, str, Lease], Awaitable[None]]
"""Process one batch under the given holder's name. Raises NotHolder if another worker holds the batch, BatchUnknown."""


class Worker(Protocol):
    """A process's share in the work: it holds several batches at a time."""

    async def run(self) -> None:
        """Claim and process batches until `stop` is called and every started batch is finished or handed back."""
        ...

    def stop(self) -> None:
        """Make `run` claim no more batches and return."""
        ...
