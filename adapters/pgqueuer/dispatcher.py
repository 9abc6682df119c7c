"""Changes to the queue within the caller's transaction."""

from typing import Any
from uuid import UUID

from pgqueuer.adapters.persistence.queries import Queries
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from adapters.pgqueuer.drivers import TransactionDriver
from application.ports.submissions import Dispatcher, QueueEntry
from sql import query

ENTRYPOINT = "batch"


class PgQueuerDispatcher(Dispatcher):
    """A dispatcher whose changes are committed or rolled back with the transaction of its connection."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection = connection
        self._queries = Queries(TransactionDriver(connection))

    async def enqueue(self, batch_id: UUID) -> None:
        """Enqueue the batch, unless it has a queue entry already."""
        await self._queries.enqueue(ENTRYPOINT, batch_id.bytes, dedupe_key=str(batch_id), on_conflict="skip")

    async def redispatch(self, batch_id: UUID) -> None:
        """Replace the queue entry. The holder of the old entry notices at its next heartbeat that its lease is lost."""
        await self._connection.execute(query("remove_queue_entry"), {"batch_id": batch_id})
        await self.enqueue(batch_id)

    async def entry(self, batch_id: UUID) -> QueueEntry | None:
        async with self._connection.cursor(row_factory=dict_row) as cursor:
            row = await (await cursor.execute(query("queue_entry"), {"batch_id": batch_id})).fetchone()
        return None if row is None else QueueEntry(**row)
