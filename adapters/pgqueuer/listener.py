"""Notifications of the queue, which let a worker claim new batches before its next poll."""

import asyncio
from collections.abc import Callable
from typing import Any

import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool

from adapters.pgqueuer.timing import LISTEN_S, POLL_S
from sql import query

log = structlog.get_logger()


class QueueListener:
    """A subscription to the queue's notifications, on a connection borrowed from the pool."""

    def __init__(self, pool: AsyncConnectionPool[Any], *, on_notification: Callable[[], None]) -> None:
        self._pool, self._on_notification = pool, on_notification

    async def run(self) -> None:
        """Call `on_notification` for each notification, until cancelled; listen again after a database error."""
        while True:
            try:
                async with self._pool.connection() as connection:
                    await connection.execute(query("listen"))
                    while True:
                        async for _ in connection.notifies(timeout=LISTEN_S):
                            self._on_notification()
            except psycopg.Error as error:
                log.warning("cannot listen to the queue, retrying; polling continues", error=type(error).__name__)
            await asyncio.sleep(POLL_S)
