"""The port to uploaded reports and to their analyses."""

from collections.abc import AsyncIterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.analysis import NarrativeAnalysis
from domain.reports import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownReports:
    """Of the requested reports: those that belong to the user, those in an unfinished batch, those with an analysis."""

    available: Set[UUID]
    busy: Set[UUID]
    analysed: Set[UUID]


class Reports(Protocol):
    async def add(self, report: Report, content: AsyncIterator[bytes]) -> None:
        """Store the report and its bytes. An erasure of the user's data waits until the transaction ends."""
        ...

    async def get(self, report_id: UUID) -> Report | None: ...

    async def content(self, report_id: UUID) -> bytes | None: ...

    async def page(self, user_id: UUID, *, limit: int, after: UUID | None) -> Sequence[Report]:
        """Return the user's reports, newest first, those older than `after`."""
        ...

    async def known(self, user_id: UUID, report_ids: Sequence[UUID]) -> KnownReports: ...

    async def add_analysis(
        self, *, analysis_id: UUID, report_id: UUID, batch_id: UUID, analysis: NarrativeAnalysis, at: datetime
    ) -> None:
        """Store an analysis. Raises ReportUnreadable with REPORT_MISSING if the report was deleted."""
        ...

    async def latest_analysis(self, report_id: UUID) -> tuple[UUID, NarrativeAnalysis] | None: ...
