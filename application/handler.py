"""The write path: read the stream, decide, append, project. Every event of the service goes this way."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import UUID

from application.errors import BatchNotFound, Conflict
from application.log import NO_HASH, Metadata, RecordedEvent, StoredEvent, sealed
from application.ports.clock import Clock
from application.ports.codec import EventCodec
from application.ports.storage import Storage, Transaction
from application.read_model import BatchJob, project_all
from domain.batch import Batch, decide, fold
from domain.commands import Command
from domain.events import Event, Submitted
from domain.refusals import BatchUnknown

T = TypeVar("T")
CONFLICT_RETRIES = 5


async def in_transaction(storage: Storage, work: Callable[[Transaction], Awaitable[T]]) -> T:
    """Run `work` in a transaction of its own, again where somebody else was faster, a bounded number of times."""
    for _ in range(CONFLICT_RETRIES):
        try:
            async with storage.transaction() as tx:
                return await work(tx)
        except Conflict:
            continue
    async with storage.transaction() as tx:
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
        """The batch after the command, in a transaction of its own; `also` writes what must be stored with it.

        Raises a domain Refusal, StorageUnavailable, or Conflict when it lost too often.
        """

        async def work(tx: Transaction) -> Batch:
            stream = await self.append(tx, batch_id, command, metadata)
            if also is not None:
                await also(tx)
            return fold(recorded.event for recorded in stream)

        return await in_transaction(self._storage, work)

    async def read(self, batch_id: UUID) -> tuple[Batch, UUID]:
        """The batch as the log has it, and whose it is.

        Raises BatchUnknown or StorageUnavailable.
        """
        async with self._storage.transaction() as tx:
            stream = [self._codec.decode(stored).event for stored in await tx.events.read(batch_id)]
        if not stream or not isinstance(submitted := stream[0], Submitted):
            raise BatchUnknown
        return fold(stream), submitted.user_id

    async def first(self, tx: Transaction, batch_id: UUID) -> RecordedEvent:
        """The batch's `Submitted`.

        Raises BatchNotFound.
        """
        for stored in (await tx.events.read(batch_id))[:1]:
            return self._codec.decode(stored)
        raise BatchNotFound(batch_id)

    async def job(self, tx: Transaction, batch_id: UUID) -> tuple[BatchJob | None, Submitted | None]:
        """The batch's row as the log gives it, and its first event; nothing where there is no such batch."""
        stream = [self._codec.decode(stored) for stored in await tx.events.read(batch_id)]
        if not stream or not isinstance(submitted := stream[0].event, Submitted):
            return None, None
        return project_all(stream), submitted

    async def append(
        self, tx: Transaction, batch_id: UUID, command: Command, metadata: Metadata
    ) -> Sequence[RecordedEvent]:
        """Decide the command and append its events; the whole stream with them, and the read model made from it."""
        stream = [self._codec.decode(stored) for stored in await tx.events.read(batch_id)]
        new = decide(command, fold(recorded.event for recorded in stream))
        linked = self._link(batch_id, stream[-1] if stream else None, new, metadata)
        for refused in await tx.events.append([linked]):
            if refused is not None:
                raise refused
        stream += [self._codec.decode(stored) for stored in linked]
        await tx.batch_jobs.save(project_all(stream))
        return stream

    def _link(
        self, batch_id: UUID, head: RecordedEvent | None, new: Sequence[Event], metadata: Metadata
    ) -> Sequence[StoredEvent]:
        """The new events chained to the head; their time never goes back, also when the clock does."""
        now = self._clock() if head is None else max(self._clock(), head.recorded_at)
        expected, previous = (0, NO_HASH) if head is None else (head.version, head.hash)
        linked: list[StoredEvent] = []
        for version, event in enumerate(new, start=expected + 1):
            type_, schema_version, data = self._codec.encode(event)
            stored = sealed(
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
