"""A transaction over one pooled connection, with every port that writes within it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from adapters.postgres.batch_jobs import PostgresBatchJobs
from adapters.postgres.event_store import PostgresEventStore
from adapters.postgres.operations.actions import PostgresActions
from adapters.postgres.operations.erasure import PostgresErasure
from adapters.postgres.operations.read_model_repair import PostgresReadModelRepair
from adapters.postgres.pool import Connection, Pool, translated
from adapters.postgres.reports import PostgresReports
from adapters.postgres.submissions import PostgresSubmissions
from application.ports.storage import Storage, Transaction
from application.ports.submissions import Dispatcher


class PostgresStorage(Storage):
    """`queue` gives the dispatcher that enqueues through the connection, and so within the transaction."""

    def __init__(self, pool: Pool, queue: Callable[[Connection], Dispatcher]) -> None:
        self._pool, self._queue = pool, queue

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        with translated():
            async with self._pool.connection() as connection, connection.transaction():
                yield self.ports(connection)

    def ports(self, connection: Connection) -> Transaction:
        return Transaction(
            events=PostgresEventStore(connection),
            batch_jobs=PostgresBatchJobs(connection),
            repair=PostgresReadModelRepair(connection),
            reports=PostgresReports(connection),
            submissions=PostgresSubmissions(connection),
            queue=self._queue(connection),
            acts=PostgresActions(connection),
            erasure=PostgresErasure(connection),
        )
