"""Updates of the queue entries that one worker holds."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool

from adapters.pgqueuer.timing import POLL_S
from sql import query

log = structlog.get_logger()


class EntryUpdates:
    """The connection of a worker's leases to the queue: no update changes an entry that another worker holds."""

    def __init__(self, pool: AsyncConnectionPool[Any], worker_id: UUID, *, is_stopping: Callable[[], bool]) -> None:
        self._pool, self._worker_id, self._is_stopping = pool, worker_id, is_stopping

    async def run(self, statement: str, entry_id: int, **parameters: object) -> None:
        """Run the named statement on an entry, and retry while the database is away.

        If the worker is stopping, a failed update is not retried: the lease then expires, and another worker takes the
        batch over.
        """
        while True:
            try:
                async with self._pool.connection() as connection:
                    values = {"job_id": entry_id, "worker": self._worker_id, **parameters}
                    await connection.execute(query(statement), values)
                return
            except psycopg.Error as error:
                log.warning("cannot update the queue entry", queue_entry=entry_id, error=type(error).__name__)
                if self._is_stopping():
                    return
                await asyncio.sleep(POLL_S)
