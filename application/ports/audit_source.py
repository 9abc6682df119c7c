"""The port by which an audit reads log and read model side by side."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from application.log import StoredEvent
from application.read_model import BatchJob


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedBatch:
    """One batch as the database holds it: its events by version, and its row in `batch_jobs` where there is one.

    `unreadable` says what is wrong with a row that holds what no batch can have.
    """

    batch_id: UUID
    events: Sequence[StoredEvent]
    job: BatchJob | None
    unreadable: str | None = None


class AuditSource(Protocol):
    async def batch(self, batch_id: UUID) -> AuditedBatch: ...

    def batches(self) -> AsyncIterator[AuditedBatch]:
        """Every batch that log or read model knows, each as of one instant, in bounded memory."""
        ...

    async def count(self) -> int:
        """About how many batches `batches` will give, for a progress bar."""
        ...
