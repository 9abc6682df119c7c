"""A transaction over one pooled connection, with every port that writes within it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import psycopg

from adapters.postgres.batch_jobs import PostgresBatchJobs
from adapters.postgres.event_store import PostgresEventStore
from adapters.postgres.pool import Connection, Pool, translated
from adapters.postgres.reports import PostgresReports
from adapters.postgres.submissions import PostgresSubmissions
from application.errors import StorageUnavailable
from application.ports.storage import Storage, Transaction
from application.ports.submissions import Dispatcher

LARGE = 15
"""How many times longer a transaction may take that moves a whole report."""


class PostgresStorage(Storage):
    """`queue` gives the dispatcher that enqueues through the connection, and so within the transaction.

    `deadline` in seconds bounds a whole transaction, also where the server never answers.
    """

    def __init__(self, pool: Pool, queue: Callable[[Connection], Dispatcher], deadline: float) -> None:
        self._pool, self._queue, self._deadline = pool, queue, deadline

    @asynccontextmanager
    async def transaction(self, *, large: bool = False) -> AsyncIterator[Transaction]:
        deadline = LARGE * self._deadline if large else self._deadline
        try:
            with translated():
                async with asyncio.timeout(deadline), self._pool.connection() as connection:
                    try:
                        async with connection.transaction():
                            yield self._ports(connection)
                    except psycopg.errors.ReadOnlySqlTransaction:
                        await connection.close()
                        raise
        except TimeoutError as late:
            raise StorageUnavailable(f"no answer within {deadline:g} s") from late

    def _ports(self, connection: Connection) -> Transaction:
        return Transaction(
            events=PostgresEventStore(connection),
            batch_jobs=PostgresBatchJobs(connection),
            reports=PostgresReports(connection),
            submissions=PostgresSubmissions(connection),
            queue=self._queue(connection),
        )
