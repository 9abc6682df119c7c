"""Uploaded reports and their analyses in memory."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from uuid import UUID

from adapters.memory.state import State
from application.errors import ReportUnreadable
from application.ports.reports import KnownReports, Reports
from domain.analysis import NarrativeAnalysis
from domain.failures import FailureCode
from domain.reports import Report


class MemoryReports(Reports):
    def __init__(self, state: State) -> None:
        self._state = state

    async def add(self, report: Report, content: AsyncIterator[bytes]) -> None:
        self._state.reports[report.report_id] = report
        self._state.contents[report.report_id] = b"".join([piece async for piece in content])

    async def get(self, report_id: UUID) -> Report | None:
        return self._state.reports.get(report_id)

    async def content(self, report_id: UUID) -> bytes | None:
        return self._state.contents.get(report_id)

    async def page(self, user_id: UUID, *, limit: int, after: UUID | None) -> Sequence[Report]:
        own = [report for report in self._state.reports.values() if report.user_id == user_id]
        if after is not None:
            own = [report for report in own if report.report_id < after]
        return sorted(own, key=lambda report: report.report_id, reverse=True)[:limit]

    async def known(self, user_id: UUID, report_ids: Sequence[UUID]) -> KnownReports:
        own = {report_id for report_id in report_ids if await self._is_own(user_id, report_id)}
        analysed = {report_id for report_id, _, _ in self._state.analyses.values()}
        return KnownReports(available=own, busy=own & self._state.busy.keys(), analysed=own & analysed)

    async def _is_own(self, user_id: UUID, report_id: UUID) -> bool:
        report = self._state.reports.get(report_id)
        return report is not None and report.user_id == user_id

    async def add_analysis(
        self, *, analysis_id: UUID, report_id: UUID, batch_id: UUID, analysis: NarrativeAnalysis, at: datetime
    ) -> None:
        if report_id not in self._state.reports:
            raise ReportUnreadable(FailureCode.REPORT_MISSING)
        self._state.analyses[analysis_id] = (report_id, batch_id, analysis)

    async def latest_analysis(self, report_id: UUID) -> tuple[UUID, NarrativeAnalysis] | None:
        own = [(key, analysis) for key, (report, _, analysis) in self._state.analyses.items() if report == report_id]
        return max(own, key=lambda found: found[0], default=None)
