"""Fair shares: in turn by user, and all of them for whoever must be alone."""

import asyncio
from uuid import UUID

import pytest

from application.fair_slots import FairSlots

A, B = UUID(int=1), UUID(int=2)


async def nothing() -> None:
    return None


class Takers:
    """Who got a slot, in what order; each keeps it until it is let go."""

    def __init__(self, slots: FairSlots) -> None:
        self.slots = slots
        self.got: list[str] = []
        self.may_go: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, name: str, user_id: UUID, *, exclusive: bool = False) -> None:
        self.may_go[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._take(name, user_id, exclusive))
        await settle()

    async def go(self, name: str) -> None:
        self.may_go[name].set()
        await self.tasks[name]
        await settle()

    async def _take(self, name: str, user_id: UUID, exclusive: bool) -> None:
        async with self.slots.take(user_id, exclusive=exclusive, before_waiting=nothing):
            self.got.append(name)
            await self.may_go[name].wait()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
def takers() -> Takers:
    return Takers(FairSlots(2))


async def test_users_take_turns_however_many_batches_each_has(takers: Takers) -> None:
    for number in range(5):
        await takers.come(f"a{number}", A)
    await takers.come("b0", B)
    await takers.come("b1", B)
    for name in ("a0", "a1", "a2", "b0", "a3"):
        await takers.go(name)
    assert takers.got == ["a0", "a1", "a2", "b0", "a3", "b1", "a4"]


async def test_whoever_must_be_alone_waits_for_all_and_nobody_passes(takers: Takers) -> None:
    await takers.come("a0", A)
    await takers.come("suspect", A, exclusive=True)
    await takers.come("b0", B)
    assert takers.got == ["a0"]
    await takers.go("a0")
    assert takers.got == ["a0", "suspect"]
    await takers.go("suspect")
    assert takers.got == ["a0", "suspect", "b0"]


async def test_whoever_stops_waiting_takes_nothing_along(takers: Takers) -> None:
    for name, user_id in (("a0", A), ("a1", A), ("a2", A), ("b0", B)):
        await takers.come(name, user_id)
    takers.tasks["a2"].cancel()
    await settle()
    await takers.go("a0")
    assert takers.got == ["a0", "a1", "b0"]
    await takers.go("a1")
    await takers.go("b0")
    assert takers.slots.free == 2


async def test_a_turn_that_comes_as_its_waiter_leaves_is_passed_on(takers: Takers) -> None:
    for name, user_id in (("a0", A), ("a1", A), ("a2", A), ("b0", B)):
        await takers.come(name, user_id)
    takers.may_go["a0"].set()
    await asyncio.sleep(0)  # the slot is granted to a2, which has not run yet
    takers.tasks["a2"].cancel()
    await settle()
    assert takers.got == ["a0", "a1", "b0"]
