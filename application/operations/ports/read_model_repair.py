"""The port by which operators repair `batch_jobs` and remove rows from it."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.read_model import BatchJob


class ReadModelRepair(Protocol):
    """Every lock lasts until the transaction ends."""

    async def lock(self, batch_id: UUID) -> None:
        """Keep every other writer off this row, if there is one."""
        ...

    async def hold(self, job: BatchJob) -> None:
        """Insert the row if it is missing, and lock it."""
        ...

    async def restore(self, job: BatchJob) -> None:
        """Overwrite the row, the statuses of its reports and its reservations in `busy_reports`."""
        ...

    async def restore_statuses(self, job: BatchJob) -> None:
        """Overwrite the statuses of those reports whose latest batch this is."""
        ...

    async def remove(self, batch_id: UUID) -> None:
        """Remove the row and its reservations in `busy_reports`."""
        ...

    async def remove_processed(self, before: datetime, limit: int) -> int:
        """Remove finished batches processed before that instant; return the count."""
        ...

    async def count_processed(self, before: datetime) -> int: ...

    async def keep_erasure_out(self) -> None:
        """Keep erasures waiting."""
        ...
