"""A reader of the log misses no event and reads none twice, while many write: nothing appears behind its cursor."""

import asyncio
import random
from contextlib import suppress
from uuid import UUID

import psycopg

from entrypoints.container import Container, Database
from tests.support.batches import tree_findings
from tests.support.builders import stream_of
from tests.support.database import open_transaction, owner_connection
from tests.support.event_rows import OUT_OF_ORDER, append, refused

WRITERS, EVENTS, ROLLED_BACK = 16, 60_000, 0.05
LIFE = ("Submitted", "Started", "ReportSucceeded", "ReportSucceeded", "Finished")
BATCHES_AT_ONCE = 20

Key = tuple[UUID, int]


class RolledBack(Exception):
    """Raised to roll a transaction back."""


class Reader:
    """Reads the log close behind the writers, where a reader without care would miss events."""

    def __init__(self, container: Container) -> None:
        self._container, self._cursor = container, (0, 0)
        self.found: list[Key] = []
        self.page_read = asyncio.Event()

    async def read(self) -> None:
        """Read on, to the present end of the log."""
        while True:
            async with self._container.storage().transaction() as tx:
                page = await tx.events.log(self._cursor, 5000)
            self.page_read.set()
            self.page_read = asyncio.Event()
            if not page:
                return
            self.found += [(event.batch_id, event.version) for _, event in page]
            self._cursor = page[-1][0]


async def write(container: Container, chance: random.Random, committed: set[Key], total: int, reader: Reader) -> None:
    """Append streams, finished or not, in transactions of all sizes, of which some are rolled back."""
    while len(committed) < total:
        await reader.page_read.wait()
        streams = [stream_of(*LIFE[: chance.randint(1, 5)]) for _ in range(chance.randint(1, 2 * BATCHES_AT_ONCE))]
        with suppress(RolledBack):
            async with container.storage().transaction() as tx:
                await tx.events.append(streams)
                if chance.random() < 0.3:
                    await asyncio.sleep(0)
                if chance.random() < ROLLED_BACK:
                    raise RolledBack
            committed |= {(event.batch_id, event.version) for stream in streams for event in stream}


async def test_no_event_is_missed_and_none_comes_twice(container: Container) -> None:
    """16 writers append 60,000 events, and roll back 5 % of their transactions; the sealer misses none either."""
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
        assert version == seen.get(batch_id, 0) + 1, "within a batch, events are read in the order of their versions"
        seen[batch_id] = version

    await container.sealer().seal_all()
    last = await container.sealed_log().latest()
    assert last is not None
    assert last.size == len(committed)
    assert await tree_findings(container) == []


def test_an_append_that_would_precede_its_head_in_commit_order_is_refused(database: Database) -> None:
    """Its transaction got its id before that of the head; the database accepts the event in a new transaction."""
    batch_id = UUID(int=7)
    with psycopg.connect(database.admin_url) as old, owner_connection(database) as new:
        old.execute("SELECT pg_current_xact_id()")
        append(new, batch_id, 1, "Submitted")
        with refused(OUT_OF_ORDER):
            append(old, batch_id, 2, "Started")
        old.rollback()
        append(old, batch_id, 2, "Started")


async def test_an_event_that_an_open_transaction_could_still_precede_is_not_read_yet(
    container: Container, database: Database
) -> None:
    reader = Reader(container)
    with open_transaction(database):
        async with container.storage().transaction() as tx:
            await tx.events.append([stream_of("Submitted")])
        await reader.read()
        assert reader.found == []
    await reader.read()
    assert len(reader.found) == 1


async def test_a_transaction_without_an_id_holds_no_event_back(container: Container, database: Database) -> None:
    with psycopg.connect(database.admin_url) as idle:
        idle.execute("SELECT 1")
        async with container.storage().transaction() as tx:
            await tx.events.append([stream_of("Submitted")])
        reader = Reader(container)
        await reader.read()
        assert len(reader.found) == 1
