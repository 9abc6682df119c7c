"""Erasure: what a user brought in leaves the service; the log keeps a number that nobody here can resolve."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from application.acting import Recorder
from application.acts import ActKind, Why
from application.cancel import CancelBatch
from application.log import Metadata
from application.ports.read_model import PageAfter
from application.ports.storage import Storage
from application.submit import Asker
from domain.refusals import BatchFinished

PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    batches: int
    cancelled: int
    reports: int


class Erasure:
    def __init__(self, storage: Storage, cancel: CancelBatch, record: Recorder) -> None:
        self._storage, self._cancel, self._record = storage, cancel, record

    async def __call__(self, user_id: UUID, why: Why) -> Erased:
        """Cancel what is running, record the erasure with its batches, remove rows, uploads and analyses.

        In pieces, each a transaction of its own. Safe to repeat: what an interrupted one left behind, the next
        removes. Raises StorageUnavailable.
        """
        batches = cancelled = reports = 0
        async for batch_ids in self._submitted(user_id):
            cancelled += await self._cancel_unfinished(batch_ids, why)
            batches += await self._forget(user_id, batch_ids, why)
        while await self._some_content(user_id):
            pass
        while removed := await self._some_reports(user_id):
            reports += removed
        return Erased(batches=batches, cancelled=cancelled, reports=reports)

    async def _submitted(self, user_id: UUID) -> AsyncIterator[Sequence[UUID]]:
        """What the user ever submitted, by pages, the newest first; then what they submitted meanwhile."""
        last = None
        while True:
            first = after = None
            while page := await self._page(user_id, after):
                first = first or page[0]
                new = [each.batch_id for each in page if last is None or _key(each) > _key(last)]
                if new:
                    yield new
                if len(new) < len(page):
                    break
                after = page[-1]
            if first is None and last is None:
                yield ()
            if first == last:
                return
            last = first

    async def _page(self, user_id: UUID, after: PageAfter | None) -> Sequence[PageAfter]:
        async with self._storage.transaction() as tx:
            return await tx.events.submitted(user_id, until=None, after=after, limit=PAGE)

    async def _cancel_unfinished(self, batch_ids: Sequence[UUID], why: Why) -> int:
        async with self._storage.transaction() as tx:
            streams = await tx.events.streams(batch_ids)
        cancelled = 0
        for batch_id, stream in streams.items():
            if stream[-1].type == "Finished":
                continue
            metadata = Metadata(actor=why.actor, correlation_id=uuid5(batch_id, "erase"), reason=why.reason)
            try:
                await self._cancel(batch_id, Asker(user_id=None, tier=None), metadata)
            except BatchFinished:
                continue
            cancelled += 1
        return cancelled

    async def _forget(self, user_id: UUID, batch_ids: Sequence[UUID], why: Why) -> int:
        async with self._storage.transaction() as tx:
            await tx.erasure.alone()
            data = {"user_id": str(user_id), "batch_ids": [str(batch_id) for batch_id in batch_ids]}
            await self._record(tx, ActKind.ERASE, why, data)
            return await tx.erasure.remove_rows(batch_ids)

    async def _some_content(self, user_id: UUID) -> int:
        async with self._storage.transaction() as tx:
            return await tx.erasure.remove_some_content(user_id)

    async def _some_reports(self, user_id: UUID) -> int:
        async with self._storage.transaction() as tx:
            return await tx.erasure.remove_some_reports(user_id)


def _key(submitted: PageAfter) -> tuple[datetime, UUID]:
    return submitted.created_at, submitted.batch_id
