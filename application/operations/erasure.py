"""Erasure: what a user brought in leaves the service; the log keeps a number that nobody here can resolve."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from application.cancel import CancelBatch
from application.errors import LogDamaged
from application.log import Metadata
from application.operations.recorder import Recorder
from application.operator_actions import ActionKind, Attribution
from application.ports.read_model import PageAfter
from application.ports.storage import Storage
from application.submit import Asker
from domain.refusals import BatchFinished

PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """`damaged` are batches whose events are not what was recorded: they could not be cancelled, all else is gone."""

    batches: int
    cancelled: int
    reports: int
    damaged: Sequence[UUID]


class Erasure:
    def __init__(self, storage: Storage, cancel: CancelBatch, record: Recorder) -> None:
        self._storage, self._cancel, self._record = storage, cancel, record

    async def __call__(self, user_id: UUID, why: Attribution) -> Erased:
        """Cancel what is running, record the erasure with its batches, remove rows, uploads and analyses.

        What is in flight when it begins, and what comes until it has removed that, is erased as well. In pieces, each
        a transaction of its own. Safe to repeat: what an interrupted one left behind, the next removes. Raises
        StorageUnavailable.
        """
        batches = cancelled = reports = 0
        seen, damaged = set[UUID](), list[UUID]()
        for again in (False, True):
            await self._in_flight(user_id)
            async for batch_ids in self._submitted(user_id, seen):
                cancelled += await self._cancel_unfinished(batch_ids, why, damaged)
                batches += await self._forget(user_id, batch_ids, why)
            if not seen and not again:
                batches += await self._forget(user_id, (), why)
            while await self._some_content(user_id):
                pass
            reports += await self._all_reports(user_id)
        return Erased(batches=batches, cancelled=cancelled, reports=reports, damaged=damaged)

    async def _in_flight(self, user_id: UUID) -> None:
        async with self._storage.transaction() as tx:
            await tx.erasure.in_flight(user_id)

    async def _submitted(self, user_id: UUID, seen: set[UUID]) -> AsyncIterator[Sequence[UUID]]:
        """What the user submitted and was not seen yet, by pages."""
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

    async def _cancel_unfinished(self, batch_ids: Sequence[UUID], why: Attribution, damaged: list[UUID]) -> int:
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
            except (LogDamaged, ValueError):
                damaged.append(batch_id)
                continue
            cancelled += 1
        return cancelled

    async def _forget(self, user_id: UUID, batch_ids: Sequence[UUID], why: Attribution) -> int:
        async with self._storage.transaction() as tx:
            await tx.erasure.alone()
            data = {"user_id": str(user_id), "batch_ids": [str(batch_id) for batch_id in batch_ids]}
            await self._record(tx, ActionKind.ERASE, why, data)
            return await tx.erasure.remove_rows(batch_ids)

    async def _some_content(self, user_id: UUID) -> bool:
        async with self._storage.transaction() as tx:
            return await tx.erasure.remove_some_content(user_id)

    async def _all_reports(self, user_id: UUID) -> int:
        total, more = 0, True
        while more:
            async with self._storage.transaction() as tx:
                removed, more = await tx.erasure.remove_some_reports(user_id)
            total += removed
        return total
