"""What a reader of the log has read once it need not read again, and nothing is left out: while many write."""

import asyncio
import random
from contextlib import suppress
from uuid import UUID

import psycopg
import pytest

from entrypoints.container import Container, Database
from tests.adapters.test_event_log import append, refused
from tests.support.builders import stream_of

WRITERS, EVENTS, ROLLED_BACK = 16, 100_000, 0.05
LIFE = ("Submitted", "Started", "ReportSucceeded", "ReportSucceeded", "Finished")
BATCHES_AT_ONCE = 20
OUT_OF_ORDER = "FB007"

Key = tuple[UUID, int]


class Undone(Exception):
    pass


class Reader:
    """Stays close behind the writers: there the events are that a careless reader misses."""

    def __init__(self, container: Container) -> None:
        self._container, self._place = container, (0, 0)
        self.found: list[Key] = []
        self.looked = asyncio.Event()

    async def read(self) -> None:
        """Read on, to the end that there is now."""
        while True:
            async with self._container.storage().transaction() as tx:
                page = await tx.events.log(self._place, 5000)
            self.looked.set()
            self.looked = asyncio.Event()
            if not page:
                return
            self.found += [(event.batch_id, event.version) for _, event in page]
            self._place = page[-1][0]


async def write(container: Container, chance: random.Random, committed: set[Key], total: int, reader: Reader) -> None:
    """Append lives, whole and half, in transactions of all sizes, of which some are rolled back."""
    while len(committed) < total:
        await reader.looked.wait()
        lives = [stream_of(*LIFE[: chance.randint(1, 5)]) for _ in range(chance.randint(1, 2 * BATCHES_AT_ONCE))]
        with suppress(Undone):
            async with container.storage().transaction() as tx:
                await tx.events.append(lives)
                if chance.random() < 0.3:
                    await asyncio.sleep(0)
                if chance.random() < ROLLED_BACK:
                    raise Undone
            committed |= {(event.batch_id, event.version) for life in lives for event in life}


async def test_no_event_is_missed_and_none_comes_twice(container: Container) -> None:
    """16 writers, 5 % rollbacks, 100,000 events; and the sealer does not miss any either."""
    committed: set[Key] = set()
    reader = Reader(container)
    writers = [
        asyncio.create_task(write(container, random.Random(number), committed, EVENTS, reader))
        for number in range(WRITERS)
    ]
    while not all(writer.done() for writer in writers):
        await reader.read()
        await container.sealer().seal()
    await asyncio.gather(*writers)
    await reader.read()
    found = reader.found
    assert len(found) == len(set(found)) >= EVENTS
    assert set(found) == committed
    seen: dict[UUID, int] = {}
    for batch_id, version in found:
        assert version == seen.get(batch_id, 0) + 1, "within a batch the order of commits is that of versions"
        seen[batch_id] = version

    await container.sealer().seal_all()
    last = await container.sealed_log().latest()
    assert last is not None
    assert last.size == len(committed)
    broken = [problem async for _, problems in container.tree_audit().recompute() for problem in problems]
    assert broken == []


def test_an_append_that_would_come_before_its_head_in_the_order_of_commits(database: Database) -> None:
    """A transaction that was given its id before the head's began: the database refuses, a new one succeeds."""
    batch_id = UUID(int=7)
    with psycopg.connect(database.admin_url) as old, psycopg.connect(database.admin_url, autocommit=True) as new:
        old.execute("SELECT pg_current_xact_id()")
        append(new, batch_id, 1, "Submitted")
        with refused(OUT_OF_ORDER):
            append(old, batch_id, 2, "Started")
        old.rollback()
        append(old, batch_id, 2, "Started")


@pytest.mark.parametrize("held", [True, False])
async def test_nothing_is_read_that_an_open_transaction_can_still_precede(
    container: Container, database: Database, held: bool
) -> None:
    with psycopg.connect(database.admin_url) as slow:
        if held:
            slow.execute("SELECT pg_current_xact_id()")
        async with container.storage().transaction() as tx:
            await tx.events.append([stream_of("Submitted")])
        reader = Reader(container)
        await reader.read()
        assert len(reader.found) == (0 if held else 1)
