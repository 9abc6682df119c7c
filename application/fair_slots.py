"""Fair shares of a scarce resource: how many reports are in memory, and in the analysis processes, at once."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID


class FairSlots:
    """A number of slots that are granted round-robin by user, however many batches of a user wait for one.

    A report that may crash the process can take all slots at once, so that it harms no other report. An instance
    belongs to one event loop.
    """

    def __init__(self, size: int) -> None:
        self._size = self._free = size
        self._waiting: OrderedDict[UUID, deque[tuple[int, asyncio.Future[None]]]] = OrderedDict()

    @property
    def free(self) -> int:
        return self._free

    @asynccontextmanager
    async def take(
        self, user_id: UUID, *, exclusive: bool, before_waiting: Callable[[], Awaitable[None]]
    ) -> AsyncIterator[None]:
        """Hold one slot, or all if `exclusive`, inside the context. Run `before_waiting` only if a wait is needed."""
        units = self._size if exclusive else 1
        if self._waiting or units > self._free:
            await before_waiting()
            await self._wait(user_id, units)
        else:
            self._free -= units
        try:
            yield
        finally:
            self._give_back(units)

    async def _wait(self, user_id: UUID, units: int) -> None:
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(user_id, deque()).append((units, granted))
        self._grant()
        try:
            await granted
        except asyncio.CancelledError:
            if not granted.cancelled():  # the slots were granted just before the cancellation
                self._free += units
            self._grant()
            raise

    def _give_back(self, units: int) -> None:
        self._free += units
        self._grant()

    def _grant(self) -> None:
        """Grant free slots in order; a waiter that needs more than are free makes all others wait behind it."""
        while self._waiting:
            user_id, waiters = next(iter(self._waiting.items()))
            units, granted = waiters[0]
            if not granted.cancelled():
                if units > self._free:
                    return
                self._free -= units
                granted.set_result(None)
            waiters.popleft()
            del self._waiting[user_id]
            if waiters:
                self._waiting[user_id] = waiters  # behind all other users
