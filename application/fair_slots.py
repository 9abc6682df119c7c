"""Fair shares of what is scarce: how many reports are in memory, and in the analysing processes, at once."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID


class FairSlots:
    """`size` slots, taken in turn: one for each user who waits, however many batches each of them has.

    Whoever asks `exclusive` gets all of them together, so that nothing else is in the way when it breaks. Belongs to
    one event loop.
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
        """Hold a slot, or all of them, inside the context. `before_waiting` runs only where there is none free."""
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
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(user_id, deque()).append((units, turn))
        self._grant()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it was granted in the same moment
                self._free += units
            self._grant()
            raise

    def _give_back(self, units: int) -> None:
        self._free += units
        self._grant()

    def _grant(self) -> None:
        while self._waiting:
            user_id, line = next(iter(self._waiting.items()))
            units, turn = line[0]
            if not turn.cancelled():
                if units > self._free:
                    return
                self._free -= units
                turn.set_result(None)
            line.popleft()
            del self._waiting[user_id]
            if line:
                self._waiting[user_id] = line  # behind everybody else
