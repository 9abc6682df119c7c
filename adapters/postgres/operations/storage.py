"""An operator's transaction: that of the main job, with the ports that repair, remove and record."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property

from adapters.postgres.operations.actions import PostgresActions
from adapters.postgres.operations.erasure import PostgresUserData
from adapters.postgres.operations.read_model_repair import PostgresReadModelRepair
from adapters.postgres.pool import Connection, Pool, translated
from adapters.postgres.storage import PostgresTransaction, QueueOn
from application.operations.ports.storage import OperatorStorage, OperatorTransaction


class PostgresOperatorTransaction(PostgresTransaction, OperatorTransaction):
    @cached_property
    def repair(self) -> PostgresReadModelRepair:
        return PostgresReadModelRepair(self._connection)

    @cached_property
    def user_data(self) -> PostgresUserData:
        return PostgresUserData(self._connection)

    @cached_property
    def actions(self) -> PostgresActions:
        return PostgresActions(self._connection)


class PostgresOperatorStorage(OperatorStorage):
    def __init__(self, pool: Pool, queue_on: QueueOn) -> None:
        self._pool, self._queue_on = pool, queue_on

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresOperatorTransaction]:
        with translated():
            async with self._pool.connection() as connection, connection.transaction():
                yield self.on(connection)

    def on(self, connection: Connection) -> PostgresOperatorTransaction:
        """Return the ports over a connection whose transaction the caller controls."""
        return PostgresOperatorTransaction(connection, self._queue_on)
