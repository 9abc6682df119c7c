"""The port by which the audit reads log and read model side by side."""

from collections.abc import AsyncIterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.log import StoredEvent
from application.read_model import BatchJob


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedBatch:
    """One batch as the database holds it: its events by version, and its row in `batch_jobs` if there is one.

    - `unreadable`: why the row cannot be read; None when it can, or when there is none.
    - `leaves`: the data of its leaves in the tree, by version.
    - `inserted_behind_checkpoint`: versions that no checkpoint covers although later ones are covered.
    - `from_unstarted_transaction`: versions whose transaction has not started.
    - `report_statuses`: of the reports whose latest batch this is.
    - `busy`: the reports that it reserves in `busy_reports`; None when that was not read.
    - `cleaned_before`: retention removed rows of batches processed earlier.
    - `erased`: the owner's data was erased. `archived`: its events may be in an archive file alone.
    """

    batch_id: UUID
    events: Sequence[StoredEvent]
    job: BatchJob | None
    unreadable: str | None = None
    leaves: Mapping[int, bytes] = field(default_factory=dict)
    inserted_behind_checkpoint: Set[int] = frozenset()
    from_unstarted_transaction: Set[int] = frozenset()
    report_statuses: Mapping[UUID, str] = field(default_factory=dict)
    busy: Set[UUID] | None = None
    cleaned_before: datetime | None = None
    erased: bool = False
    archived: bool = False


class AuditSource(Protocol):
    async def batch(self, batch_id: UUID) -> AuditedBatch: ...

    def batches(self, after: UUID | None = None, page: int = 500) -> AsyncIterator[AuditedBatch]:
        """Yield every batch that log, tree or read model knows, by id; each page of batches is one snapshot."""
        ...

    async def count(self) -> int:
        """Return the approximate number of batches that `batches` yields, for a progress bar."""
        ...
