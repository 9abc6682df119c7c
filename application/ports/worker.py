"""The port by which batches come to be worked off."""

from collections.abc import Awaitable, Callable
from typing import Protocol
from uuid import UUID

RunBatch = Callable[[UUID, str, bool], Awaitable[None]]
"""Works off one batch as the holder named, whether the start is unspent; another may have taken it when it returns."""


class Worker(Protocol):
    async def run(self) -> None:
        """Take batches and work them off until `stop` is called and what was begun is done or handed back."""
        ...

    def stop(self) -> None: ...
