"""The write path: load the stream, decide, append, project. Every event of the service is written here."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TypeVar
from uuid import UUID

from application.errors import Conflict
from application.log import NO_HASH, Metadata, RecordedEvent, StoredEvent, with_hash
from application.ports.clock import Clock
from application.ports.codec import EventCodec
from application.ports.storage import Storage, Transaction
from application.streams import Stream, load, load_first
from domain.batch import Batch, decide
from domain.commands import Command
from domain.events import Event
from domain.refusals import BatchUnknown

T = TypeVar("T")
Tx = TypeVar("Tx")
CONFLICT_RETRIES = 5


async def in_transaction(begin: Callable[[], AbstractAsyncContextManager[Tx]], work: Callable[[Tx], Awaitable[T]]) -> T:
    """Run `work` in a transaction of its own, and again after a Conflict, a bounded number of times."""
    for _ in range(CONFLICT_RETRIES):
        try:
            async with begin() as tx:
                return await work(tx)
        except Conflict:
            continue
    async with begin() as tx:
        return await work(tx)


class CommandHandler:
    def __init__(self, storage: Storage, codec: EventCodec, clock: Clock) -> None:
        self._storage, self._codec, self._clock = storage, codec, clock

    async def handle(
        self,
        batch_id: UUID,
        command: Command,
        metadata: Metadata,
        also: Callable[[Transaction], Awaitable[None]] | None = None,
    ) -> Batch:
        """Handle a command in a transaction of its own; return the batch after it.

        `also` writes what must be stored together with the events. Raises a domain Refusal, StorageUnavailable, or
        Conflict when every retry lost against another writer.
        """

        async def work(tx: Transaction) -> Batch:
            stream = await self.append(tx, batch_id, command, metadata)
            if also is not None:
                await also(tx)
            return stream.batch

        return await in_transaction(self._storage.transaction, work)

    async def read(self, batch_id: UUID) -> tuple[Batch, UUID]:
        """Return the batch as the log has it, and its owner.

        Raises BatchUnknown or StorageUnavailable.
        """
        async with self._storage.transaction() as tx:
            stream = await self.load(tx, batch_id)
        if stream.submitted is None:
            raise BatchUnknown
        return stream.batch, stream.submitted.user_id

    async def load(self, tx: Transaction, batch_id: UUID) -> Stream:
        return await load(tx.events, self._codec, batch_id)

    async def load_first(self, tx: Transaction, batch_id: UUID) -> Stream:
        """Load the first event alone, so that damage further on does not matter."""
        return await load_first(tx.events, self._codec, batch_id)

    async def append(self, tx: Transaction, batch_id: UUID, command: Command, metadata: Metadata) -> Stream:
        """Decide the command, append its events and project the row; return the whole stream."""
        stream = await self.load(tx, batch_id)
        new = decide(command, stream.batch)
        linked = self._link(batch_id, stream.head, new, metadata)
        for refused in await tx.events.append([linked]):
            if refused is not None:
                raise refused
        stream = stream.followed_by(self._codec, linked)
        await tx.batch_jobs.save(stream.job)
        return stream

    def _link(
        self, batch_id: UUID, head: RecordedEvent | None, new: Sequence[Event], metadata: Metadata
    ) -> Sequence[StoredEvent]:
        """Chain the new events to the head. Their time never goes back, even when the clock does."""
        now = self._clock() if head is None else max(self._clock(), head.recorded_at)
        expected, previous = (0, NO_HASH) if head is None else (head.version, head.hash)
        linked: list[StoredEvent] = []
        for version, event in enumerate(new, start=expected + 1):
            type_, schema_version, data = self._codec.encode(event)
            stored = with_hash(
                StoredEvent(
                    batch_id=batch_id,
                    version=version,
                    type=type_,
                    schema_version=schema_version,
                    data=data,
                    metadata=self._codec.encode_metadata(metadata),
                    recorded_at=now,
                    previous_hash=previous,
                )
            )
            previous = stored.hash
            linked.append(stored)
        return linked
