"""Slots are granted round-robin by user, and all at once to a report that must be analysed alone."""

import asyncio
from uuid import UUID

import pytest

from application.fair_slots import FairSlots

A, B = UUID(int=1), UUID(int=2)


async def nothing() -> None:
    return None


class Takers:
    """Named tasks that each take a slot and hold it until they are released; `granted` has their names in order."""

    def __init__(self, slots: FairSlots) -> None:
        self.slots = slots
        self.granted: list[str] = []
        self.released: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, name: str, user_id: UUID, *, exclusive: bool = False) -> None:
        self.released[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._take(name, user_id, exclusive))
        await settle()

    async def release(self, name: str) -> None:
        self.released[name].set()
        await self.tasks[name]
        await settle()

    async def _take(self, name: str, user_id: UUID, exclusive: bool) -> None:
        async with self.slots.take(user_id, exclusive=exclusive, before_waiting=nothing):
            self.granted.append(name)
            await self.released[name].wait()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
def takers() -> Takers:
    return Takers(FairSlots(2))


async def test_slots_alternate_between_users_however_many_batches_each_has(takers: Takers) -> None:
    for number in range(5):
        await takers.start(f"a{number}", A)
    await takers.start("b0", B)
    await takers.start("b1", B)
    for name in ("a0", "a1", "a2", "b0", "a3"):
        await takers.release(name)
    assert takers.granted == ["a0", "a1", "a2", "b0", "a3", "b1", "a4"]


async def test_an_exclusive_taker_waits_for_all_slots_and_is_not_overtaken(takers: Takers) -> None:
    await takers.start("a0", A)
    await takers.start("suspect", A, exclusive=True)
    await takers.start("b0", B)
    assert takers.granted == ["a0"]
    await takers.release("a0")
    assert takers.granted == ["a0", "suspect"]
    await takers.release("suspect")
    assert takers.granted == ["a0", "suspect", "b0"]


async def test_a_cancelled_waiter_takes_no_slot(takers: Takers) -> None:
    for name, user_id in (("a0", A), ("a1", A), ("a2", A), ("b0", B)):
        await takers.start(name, user_id)
    takers.tasks["a2"].cancel()
    await settle()
    await takers.release("a0")
    assert takers.granted == ["a0", "a1", "b0"]
    await takers.release("a1")
    await takers.release("b0")
    assert takers.slots.free == 2


async def test_a_slot_granted_to_a_waiter_that_is_being_cancelled_goes_to_the_next(takers: Takers) -> None:
    for name, user_id in (("a0", A), ("a1", A), ("a2", A), ("b0", B)):
        await takers.start(name, user_id)
    takers.released["a0"].set()
    await asyncio.sleep(0)  # the slot is granted to a2, which has not run yet
    takers.tasks["a2"].cancel()
    await settle()
    assert takers.granted == ["a0", "a1", "b0"]
