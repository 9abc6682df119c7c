"""The port to `batch_jobs` and what else the projector keeps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.read_model import BatchJob
from domain.statuses import BatchStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAfter:
    """Where a page of batches ended: the next begins with what is older."""

    created_at: datetime
    batch_id: UUID


class BatchJobs(Protocol):
    async def save(self, job: BatchJob) -> None:
        """Write the row, its reports' statuses, and which reports the batch keeps busy.

        Raises ReportsClaimed where another unfinished batch has one of the reports.
        """
        ...

    async def get(self, batch_id: UUID) -> BatchJob | None: ...

    async def page(
        self, user_id: UUID, *, status: BatchStatus | None, limit: int, after: PageAfter | None
    ) -> Sequence[BatchJob]:
        """The user's batches, newest first."""
        ...

    async def count_active(self, user_id: UUID) -> int:
        """The user's unfinished batches."""
        ...
