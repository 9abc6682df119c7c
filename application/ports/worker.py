"""The port by which batches come to be worked off."""

from collections.abc import Awaitable, Callable
from typing import Protocol
from uuid import UUID


class Lease(Protocol):
    """A worker's hold on one batch, and whether its death now would cost the batch an attempt.

    Both methods are remembered where a dead worker's successor finds them, and wait while the database is away.
    """

    @property
    def unspent(self) -> bool:
        """Whether the holder before lost or gave back the batch while nothing of it was being analysed."""
        ...

    async def working(self) -> None:
        """From now on something of the batch is being analysed."""
        ...

    async def resting(self) -> None:
        """From now on the batch only waits for its turn."""
        ...


RunBatch = Callable[[UUID, str, Lease], Awaitable[None]]
"""Works off one batch as the holder named. Raises NotHolder where another has taken it, BatchUnknown."""


class Worker(Protocol):
    async def run(self) -> None:
        """Take batches and work them off until `stop` is called and what was begun is done or handed back."""
        ...

    def stop(self) -> None: ...
