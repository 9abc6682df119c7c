"""Retention: finished batches leave the read model after a while. The log, and so the audit, keeps them."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from application.log import instant
from application.operations.recorder import Recorder
from application.operator_actions import ActionKind, Attribution
from application.ports.clock import Clock
from application.ports.storage import Storage

CHUNK = 1000
"""Rows that one transaction removes."""


class Retention:
    def __init__(self, storage: Storage, record: Recorder, clock: Clock) -> None:
        self._storage, self._record, self._clock = storage, record, clock

    async def due(self, older_than: timedelta) -> int:
        """How many rows `clean` would remove now."""
        async with self._storage.transaction() as tx:
            return await tx.repair.count_processed(self._clock() - older_than)

    async def clean(self, older_than: timedelta, why: Attribution) -> AsyncIterator[int]:
        """Remove what was processed longer ago, in small chunks; gives the rows of each.

        Each chunk is recorded as an act in the transaction that removes it. Raises ClockAhead or StorageUnavailable.
        """
        before = self._clock() - older_than
        while removed := await self._chunk(before, why):
            yield removed

    async def _chunk(self, before: datetime, why: Attribution) -> int:
        async with self._storage.transaction() as tx:
            if removed := await tx.repair.remove_processed(before, CHUNK):
                await self._record(tx, ActionKind.CLEANUP, why, {"before": instant(before), "rows": removed})
        return removed
