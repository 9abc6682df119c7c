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

        Raises ReportsTaken where another unfinished batch has one of the reports.
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


class ReadModelRepair(Protocol):
    """What sets the read model right, and what removes from it; part of the transaction, too."""

    async def lock(self, batch_id: UUID) -> None:
        """From now on nobody else writes or removes this row, where there is one."""
        ...

    async def hold(self, job: BatchJob) -> None:
        """From now on nobody else writes this row; where there is none, there is one now."""
        ...

    async def restore(self, job: BatchJob) -> None:
        """The row, its reports' statuses and what it keeps busy, whatever stands there."""
        ...

    async def restore_statuses(self, job: BatchJob) -> None:
        """The statuses of those reports of which this is the latest batch."""
        ...

    async def remove(self, batch_id: UUID) -> None:
        """The row, and what it kept busy."""
        ...

    async def remove_processed(self, before: datetime, limit: int) -> int:
        """Remove finished batches processed before that; how many it were."""
        ...

    async def count_processed(self, before: datetime) -> int: ...

    async def keep_erasure_out(self) -> None:
        """Until this transaction ends nobody's data are erased."""
        ...
