"""PgQueuer's driver protocol over psycopg: on one connection within its transaction, or on a pool.

PgQueuer's own driver listens and queries on one connection, so every statement waits for the listener.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from pgqueuer.core.tm import TaskManager
from pgqueuer.ports.driver import Driver, NotifyCallback
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from sql import query


class _Driver(Driver):
    """The part of the protocol that PgQueuer uses only in its own drivers: `shutdown`, `tm` and `add_listener`."""

    def __init__(self) -> None:
        self._shutdown, self._tasks = asyncio.Event(), TaskManager()

    @property
    def shutdown(self) -> asyncio.Event:
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        return self._tasks

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        raise TypeError("This driver cannot listen. Use QueueListener, which has a connection of its own.")

    async def __aenter__(self) -> "_Driver":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


class TransactionDriver(_Driver):
    """A driver whose statements are part of the transaction that its connection is in."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        super().__init__()
        self._connection = connection

    async def fetch(self, statement: str, *args: object) -> list[dict[str, object]]:
        async with AsyncRawCursor(self._connection, row_factory=dict_row) as cursor:
            await cursor.execute(statement.encode(), _arguments(args))
            return await cursor.fetchall()

    async def execute(self, statement: str, *args: object) -> str:
        async with AsyncRawCursor(self._connection) as cursor:
            await cursor.execute(statement.encode(), _arguments(args))
            return cursor.statusmessage or ""

    async def notify(self, channel: str, payload: str) -> None:
        await self._connection.execute(query("notify"), {"channel": channel, "payload": payload})


class PoolDriver(_Driver):
    """A driver that borrows a connection for each statement."""

    def __init__(self, pool: AsyncConnectionPool[Any]) -> None:
        super().__init__()
        self._pool = pool

    async def fetch(self, statement: str, *args: object) -> list[dict[str, object]]:
        async with self._pool.connection() as connection:
            return await TransactionDriver(connection).fetch(statement, *args)

    async def execute(self, statement: str, *args: object) -> str:
        async with self._pool.connection() as connection:
            return await TransactionDriver(connection).execute(statement, *args)

    async def notify(self, channel: str, payload: str) -> None:
        async with self._pool.connection() as connection:
            await TransactionDriver(connection).notify(channel, payload)


def _arguments(args: Sequence[object]) -> Sequence[object] | None:
    return args or None
