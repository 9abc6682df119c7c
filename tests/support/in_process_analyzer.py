"""The lexicon analyser in the test's own process: no timeout, no memory limit, no process to start."""

from adapters.analysis.lexicon_analyzer import analyze
from application.ports.analyzer import Analyzer
from domain.analysis import NarrativeAnalysis
from domain.reports import ReportFormat


class InProcessAnalyzer(Analyzer):
    async def analyze(self, content: bytes, report_format: ReportFormat) -> NarrativeAnalysis:
        return analyze(content, report_format).analysis
