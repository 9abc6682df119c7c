"""Enqueueing within the caller's transaction."""

from typing import Any
from uuid import UUID

from pgqueuer.adapters.persistence.queries import Queries
from psycopg import AsyncConnection

from adapters.pgqueuer.drivers import TransactionDriver
from application.ports.submissions import Dispatcher

ENTRYPOINT = "batch"


class PgQueuerDispatcher(Dispatcher):
    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._queries = Queries(TransactionDriver(connection))

    async def enqueue(self, batch_id: UUID) -> None:
        """A batch that waits or runs already is not enqueued twice."""
        await self._queries.enqueue(ENTRYPOINT, batch_id.bytes, dedupe_key=str(batch_id), on_conflict="skip")
