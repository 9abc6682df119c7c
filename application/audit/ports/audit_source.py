"""The port by which an audit reads log and read model side by side."""

from collections.abc import AsyncIterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.log import StoredEvent
from application.read_model import BatchJob


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedBatch:
    """One batch as the database holds it: its events by version, and its row in `batch_jobs` where there is one.

    `unreadable` says what is wrong with a row that holds what no batch can have. `sealed` are the entries of the tree
    by version; `overtaken` the versions that no checkpoint covers though later ones are covered, `from_the_future`
    those whose transactions have not begun yet. `report_statuses` are those of the reports of which this is the latest
    batch, `busy` the reports that it keeps busy (null: not looked at). Rows processed before `cleaned_before` were
    removed by retention, those of an `erased` batch with their owner's data. The events of an `archived` batch may lie
    in a file.
    """

    batch_id: UUID
    events: Sequence[StoredEvent]
    job: BatchJob | None
    unreadable: str | None = None
    sealed: Mapping[int, bytes] = field(default_factory=dict)
    overtaken: Set[int] = frozenset()
    from_the_future: Set[int] = frozenset()
    report_statuses: Mapping[UUID, str] = field(default_factory=dict)
    busy: Set[UUID] | None = None
    cleaned_before: datetime | None = None
    erased: bool = False
    archived: bool = False


class AuditSource(Protocol):
    async def batch(self, batch_id: UUID) -> AuditedBatch: ...

    def batches(self, after: UUID | None = None, page: int = 500) -> AsyncIterator[AuditedBatch]:
        """Every batch that log, tree or read model knows, by id; each as of one instant, `page` at a time."""
        ...

    async def count(self) -> int:
        """About how many batches `batches` will give, for a progress bar."""
        ...
