"""A transaction over one pooled connection, with the ports of the main job that write within it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cached_property

from adapters.postgres.batch_jobs import PostgresBatchJobs
from adapters.postgres.event_store import PostgresEventStore
from adapters.postgres.pool import Connection, Pool, translated
from adapters.postgres.reports import PostgresReports
from adapters.postgres.submissions import PostgresSubmissions
from application.ports.storage import Storage, Transaction
from application.ports.submissions import Dispatcher

QueueOn = Callable[[Connection], Dispatcher]
"""Return the dispatcher that enqueues through the connection, and so within its transaction."""


class PostgresTransaction(Transaction):
    """Builds each port on first use: most transactions use two of them."""

    def __init__(self, connection: Connection, queue_on: QueueOn) -> None:
        self._connection, self._queue_on = connection, queue_on

    @cached_property
    def events(self) -> PostgresEventStore:
        return PostgresEventStore(self._connection)

    @cached_property
    def batch_jobs(self) -> PostgresBatchJobs:
        return PostgresBatchJobs(self._connection)

    @cached_property
    def reports(self) -> PostgresReports:
        return PostgresReports(self._connection)

    @cached_property
    def submissions(self) -> PostgresSubmissions:
        return PostgresSubmissions(self._connection)

    @cached_property
    def queue(self) -> Dispatcher:
        return self._queue_on(self._connection)


class PostgresStorage(Storage):
    def __init__(self, pool: Pool, queue_on: QueueOn) -> None:
        self._pool, self._queue_on = pool, queue_on

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresTransaction]:
        with translated():
            async with self._pool.connection() as connection, connection.transaction():
                yield PostgresTransaction(connection, self._queue_on)
