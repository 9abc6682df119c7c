"""Erasure: a user's data leaves the service. The log keeps the user's id, which nothing here can resolve any more."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from application.asker import OPERATOR
from application.cancel import CancelBatch
from application.errors import LogDamaged
from application.log import Metadata
from application.operations.ports.storage import OperatorStorage
from application.operations.recorder import Recorder
from application.operator_actions import ActionKind, Attribution
from application.ports.read_model import PageAfter
from domain.refusals import BatchFinished

PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """Counts of what an erasure did. The `damaged` batches could not be cancelled; all their other data is gone."""

    batches: int
    cancelled: int
    reports: int
    damaged: Sequence[UUID]


class EraseUser:
    def __init__(self, storage: OperatorStorage, cancel: CancelBatch, record: Recorder) -> None:
        self._storage, self._cancel, self._record = storage, cancel, record

    async def __call__(self, user_id: UUID, attribution: Attribution) -> Erased:
        """Cancel the user's running batches, record the erasure, remove rows, uploads and analyses.

        Requests that are in flight when the erasure begins, or arrive before it ends, are erased as well. Works in
        pieces, each a transaction of its own; repeat it to remove what an interrupted erasure left behind. Raises
        StorageUnavailable.
        """
        batches = cancelled = reports = 0
        seen, damaged = set[UUID](), list[UUID]()
        for again in (False, True):
            await self._wait_for_user(user_id)
            async for batch_ids in self._submitted(user_id, seen):
                cancelled += await self._cancel_unfinished(batch_ids, attribution, damaged)
                batches += await self._remove_rows(user_id, batch_ids, attribution)
            if not seen and not again:
                batches += await self._remove_rows(user_id, (), attribution)
            while await self._remove_some_content(user_id):
                pass
            reports += await self._remove_reports(user_id)
        return Erased(batches=batches, cancelled=cancelled, reports=reports, damaged=damaged)

    async def _wait_for_user(self, user_id: UUID) -> None:
        async with self._storage.transaction() as tx:
            await tx.user_data.wait_for_user(user_id)

    async def _submitted(self, user_id: UUID, seen: set[UUID]) -> AsyncIterator[Sequence[UUID]]:
        """Yield the user's batches that were not seen before, by pages."""
        after: PageAfter | None = None
        while page := await self._page(user_id, after):
            new = [each.batch_id for each in page if each.batch_id not in seen]
            seen.update(new)
            if new:
                yield new
            after = page[-1]

    async def _page(self, user_id: UUID, after: PageAfter | None) -> Sequence[PageAfter]:
        async with self._storage.transaction() as tx:
            return await tx.events.submitted(user_id, until=None, after=after, limit=PAGE)

    async def _cancel_unfinished(self, batch_ids: Sequence[UUID], attribution: Attribution, damaged: list[UUID]) -> int:
        async with self._storage.transaction() as tx:
            streams = await tx.events.streams(batch_ids)
        cancelled = 0
        for batch_id, stream in streams.items():
            if stream[-1].type == "Finished":
                continue
            correlation_id = uuid5(batch_id, "erase")
            metadata = Metadata(actor=attribution.actor, correlation_id=correlation_id, reason=attribution.reason)
            try:
                await self._cancel(batch_id, OPERATOR, metadata)
            except BatchFinished:
                continue
            except (LogDamaged, ValueError):
                damaged.append(batch_id)
                continue
            cancelled += 1
        return cancelled

    async def _remove_rows(self, user_id: UUID, batch_ids: Sequence[UUID], attribution: Attribution) -> int:
        async with self._storage.transaction() as tx:
            await tx.user_data.lock_erasure()
            data = {"user_id": str(user_id), "batch_ids": [str(batch_id) for batch_id in batch_ids]}
            await self._record(tx, ActionKind.ERASE, attribution, data)
            return await tx.user_data.remove_rows(batch_ids)

    async def _remove_some_content(self, user_id: UUID) -> bool:
        async with self._storage.transaction() as tx:
            return await tx.user_data.remove_some_content(user_id)

    async def _remove_reports(self, user_id: UUID) -> int:
        total, more = 0, True
        while more:
            async with self._storage.transaction() as tx:
                removed, more = await tx.user_data.remove_some_reports(user_id)
            total += removed
        return total
