"""Claiming batches from the queue."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import structlog
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.models import Job
from pgqueuer.domain.types import QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter
from psycopg_pool import AsyncConnectionPool

from adapters.pgqueuer.dispatcher import ENTRYPOINT
from adapters.pgqueuer.drivers import PoolDriver
from adapters.pgqueuer.lease_expiry import LeaseExpiry
from sql import query

log = structlog.get_logger()

BATCHES = {QueueEntrypoint(ENTRYPOINT): EntrypointExecutionParameter(concurrency_limit=0)}


class Claimer:
    """The part of a worker that claims batches: new ones, and interrupted ones (started, but without a holder).

    One call claims at most `eager` batches plus as many as are interrupted.
    """

    def __init__(
        self, pool: AsyncConnectionPool[Any], worker_id: UUID, *, eager: int, heartbeat_timeout: timedelta
    ) -> None:
        self._pool, self._queries = pool, Queries(PoolDriver(pool))
        self._worker_id, self._eager, self._timeout = QueueManagerId(worker_id), eager, heartbeat_timeout
        self._expiry = LeaseExpiry(heartbeat_timeout)

    async def claim(self, room: int) -> Sequence[Job]:
        """Return the queue entries of the batches that were claimed: at most `room`, none if the database fails."""
        try:
            room = min(room, self._eager + await self._count_interrupted())
            return await self._queries.dequeue(room, BATCHES, self._worker_id, None, self._expiry.age_after_read())
        except psycopg.Error as error:
            log.warning("queue read failed, will retry", error=type(error).__name__)
        except Exception as error:
            log.exception("queue read failed unexpectedly, will retry", error=type(error).__name__)
        return []

    async def _count_interrupted(self) -> int:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(query("count_interrupted"), {"timeout": self._timeout})
            row = await cursor.fetchone()
        return int(row["interrupted"]) if row else 0
