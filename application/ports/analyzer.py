"""The port to the analysis of one report."""

from typing import Protocol

from domain.analysis import NarrativeAnalysis
from domain.reports import ReportFormat


class Analyzer(Protocol):
    async def analyze(self, content: bytes, report_format: ReportFormat) -> NarrativeAnalysis:
        """Analyse the bytes of one report.

        Raises ReportUnreadable if these bytes cannot be analysed, AnalysisCrashed if the analysing process died,
        AnalyzerUnavailable if no analysis was begun and another call may succeed.
        """
        ...
