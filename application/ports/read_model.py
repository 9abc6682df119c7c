"""The port to `batch_jobs` and to the other tables that the projector writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.read_model import BatchJob
from domain.statuses import BatchStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAfter:
    """The last batch of a page; the next page begins with the batch before it in time."""

    created_at: datetime
    batch_id: UUID


class BatchJobs(Protocol):
    async def save(self, job: BatchJob) -> None:
        """Write the row, the statuses of its reports, and its reservations in `busy_reports`.

        Raises ReportsTaken if another unfinished batch holds one of the reports.
        """
        ...

    async def get(self, batch_id: UUID) -> BatchJob | None: ...

    async def page(
        self, user_id: UUID, *, status: BatchStatus | None, limit: int, after: PageAfter | None
    ) -> Sequence[BatchJob]:
        """Return the user's batches, newest first."""
        ...

    async def count_active(self, user_id: UUID) -> int:
        """Return the number of the user's unfinished batches."""
        ...
