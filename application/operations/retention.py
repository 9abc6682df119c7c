"""Retention: rows of finished batches leave the read model after a while. The log, and so the audit, keeps them."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from application.log import instant
from application.operations.ports.storage import OperatorStorage
from application.operations.recorder import Recorder
from application.operator_actions import ActionKind, Attribution
from application.ports.clock import Clock

CHUNK = 1000
"""Rows that one transaction removes."""


class Retention:
    def __init__(self, storage: OperatorStorage, record: Recorder, clock: Clock) -> None:
        self._storage, self._record, self._clock = storage, record, clock

    async def due(self, older_than: timedelta) -> int:
        """Return how many rows `clean` would remove now."""
        async with self._storage.transaction() as tx:
            return await tx.repair.count_processed(self._clock() - older_than)

    async def clean(self, older_than: timedelta, attribution: Attribution) -> AsyncIterator[int]:
        """Remove rows of batches processed longer ago, in small chunks; yield the count of each chunk.

        Each chunk is recorded in the transaction that removes it. Raises ClockAhead or StorageUnavailable.
        """
        before = self._clock() - older_than
        while removed := await self._remove_chunk(before, attribution):
            yield removed

    async def _remove_chunk(self, before: datetime, attribution: Attribution) -> int:
        async with self._storage.transaction() as tx:
            if removed := await tx.repair.remove_processed(before, CHUNK):
                data = {"before": instant(before), "rows": removed}
                await self._record(tx, ActionKind.CLEANUP, attribution, data)
        return removed
