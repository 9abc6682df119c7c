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


class PostgresTransaction(Transaction):
    def __init__(self, connection: Connection, queue: Dispatcher) -> None:
        self._events = PostgresEventStore(connection)
        self._batch_jobs = PostgresBatchJobs(connection)
        self._reports = PostgresReports(connection)
        self._submissions = PostgresSubmissions(connection)
        self._queue = queue

    @property
    def events(self) -> PostgresEventStore:
        return self._events

    @property
    def batch_jobs(self) -> PostgresBatchJobs:
        return self._batch_jobs

    @property
    def reports(self) -> PostgresReports:
        return self._reports

    @property
    def submissions(self) -> PostgresSubmissions:
        return self._submissions

    @property
    def queue(self) -> Dispatcher:
        return self._queue


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
                            yield PostgresTransaction(connection, self._queue(connection))
                    except psycopg.errors.ReadOnlySqlTransaction:
                        await connection.close()
                        raise
        except TimeoutError as late:
            raise StorageUnavailable(f"no answer within {deadline:g} s") from late
