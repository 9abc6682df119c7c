"""The port to the analysis of one report."""

from typing import Protocol

from domain.analysis import NarrativeAnalysis
from domain.reports import ReportFormat


class Analyzer(Protocol):
    async def analyze(self, content: bytes, report_format: ReportFormat) -> NarrativeAnalysis:
        """Analyse the bytes of one report.

        Raises ReportUnreadable where this report cannot be analysed, AnalysisCrashed where the analysing
        process died, AnalyzerUnavailable where nothing was tried and another call may succeed.
        """
        ...
