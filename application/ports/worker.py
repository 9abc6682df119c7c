"""The port by which batches reach a worker, and the worker's lease on each of them."""

from collections.abc import Awaitable, Callable
from typing import Protocol
from uuid import UUID


class Lease(Protocol):
    """A worker's hold on one batch.

    The marks are stored with the lease, so that the next holder knows whether a report was being analysed when this
    one died. Both methods retry while the database is away.
    """

    @property
    def counts_as_attempt(self) -> bool:
        """Whether the holder before was analysing a report of this batch when it lost the batch."""
        ...

    async def mark_analysing(self) -> None:
        """Record that a report of the batch is being analysed."""
        ...

    async def mark_waiting(self) -> None:
        """Record that the batch only waits for a free slot."""
        ...


RunBatch = Callable[[UUID, str, Lease], Awaitable[None]]
"""Process one batch under the given holder's name. Raises NotHolder when another worker holds it, BatchUnknown."""


class Worker(Protocol):
    async def run(self) -> None:
        """Claim and process batches until `stop` is called and every started batch is finished or handed back."""
        ...

    def stop(self) -> None: ...
