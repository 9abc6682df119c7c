"""Erasure: what a user brought in leaves the service; the log keeps a number that nobody here can resolve."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from application.acting import Recorder
from application.acts import ActKind, Why
from application.cancel import CancelBatch
from application.log import Metadata
from application.ports.storage import Storage, Transaction
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

        Safe to repeat: what an interrupted one left behind, the next removes. Raises StorageUnavailable.
        """
        cancelled, rows = 0, None
        while rows is None:
            cancelled += await self._cancel_all(user_id, why)
            rows = await self._forget(user_id, why)
        while await self._some_content(user_id):
            pass
        async with self._storage.transaction() as tx:
            reports = await tx.erasure.remove_reports(user_id)
        return Erased(batches=rows, cancelled=cancelled, reports=reports)

    async def _cancel_all(self, user_id: UUID, why: Why) -> int:
        async with self._storage.transaction() as tx:
            unfinished = await _unfinished(tx, await _submitted(tx, user_id))
        cancelled = 0
        for batch_id in unfinished:
            metadata = Metadata(actor=why.actor, correlation_id=uuid5(batch_id, "erase"), reason=why.reason)
            try:
                await self._cancel(batch_id, Asker(user_id=None, tier=None), metadata)
            except BatchFinished:
                continue
            cancelled += 1
        return cancelled

    async def _forget(self, user_id: UUID, why: Why) -> int | None:
        """How many rows were removed; nothing where the user submitted another meanwhile."""
        async with self._storage.transaction() as tx:
            await tx.erasure.alone()
            await tx.submissions.wait_for_turn(user_id)
            batch_ids = await _submitted(tx, user_id)
            if await _unfinished(tx, batch_ids):
                return None
            data = {"user_id": str(user_id), "batch_ids": [str(batch_id) for batch_id in batch_ids]}
            await self._record(tx, ActKind.ERASE, why, data)
            return await tx.erasure.remove_rows(user_id)

    async def _some_content(self, user_id: UUID) -> int:
        async with self._storage.transaction() as tx:
            return await tx.erasure.remove_some_content(user_id)


async def _submitted(tx: Transaction, user_id: UUID) -> Sequence[UUID]:
    """Every batch that the user ever submitted."""
    found: list[UUID] = []
    after = None
    while page := await tx.events.submitted(user_id, until=None, after=after, limit=PAGE):
        found += [each.batch_id for each in page]
        after = page[-1]
    return found


async def _unfinished(tx: Transaction, batch_ids: Sequence[UUID]) -> Sequence[UUID]:
    unfinished: list[UUID] = []
    for first in range(0, len(batch_ids), PAGE):
        streams = await tx.events.streams(batch_ids[first : first + PAGE])
        unfinished += [batch_id for batch_id, stream in streams.items() if stream[-1].type != "Finished"]
    return unfinished
