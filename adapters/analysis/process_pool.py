"""Analysis in processes of its own: what crashes, hangs or eats a core there costs only the one report."""

import asyncio
import multiprocessing
import os
import threading
from pathlib import Path

import pebble

from adapters.analysis.lexicon_analyzer import analyze
from application.errors import AnalysisCrashed, AnalysisError, ReportUnreadable
from application.ports.analyzer import Analyzer
from domain.analysis import NarrativeAnalysis
from domain.failures import FailureCode
from domain.reports import ReportFormat

REPORTS_A_PROCESS = 200
"""A process is replaced after so many reports, so that nothing can pile up in it."""


class ProcessPoolAnalyzer(Analyzer):
    """`timeout` in seconds for one report. Processes start with the first report."""

    def __init__(self, *, processes: int, timeout: float, lexicon_path: Path | None) -> None:
        self._processes, self._timeout, self._lexicon_path = processes, timeout, lexicon_path
        self._pool = self._new_pool()

    def _new_pool(self) -> pebble.ProcessPool:
        return pebble.ProcessPool(
            max_workers=self._processes,
            max_tasks=REPORTS_A_PROCESS,
            initializer=_end_with_parent,
            context=multiprocessing.get_context("spawn"),
        )

    async def analyze(self, content: bytes, report_format: ReportFormat) -> NarrativeAnalysis:
        arguments = (content, report_format, self._lexicon_path)
        try:
            task = self._pool.schedule(_analyze, args=arguments, timeout=self._timeout)
        except RuntimeError as broken:  # pebble gives a pool up when its processes die before they are ready
            self._pool = self._new_pool()
            raise AnalysisCrashed("its processes could not be started") from broken
        try:
            return await asyncio.wrap_future(task)
        except TimeoutError as late:
            raise ReportUnreadable(FailureCode.ANALYSIS_TIMEOUT) from late
        except AnalysisError:
            raise
        except pebble.ProcessExpired as died:
            raise AnalysisCrashed(f"exit code {died.exitcode}") from died
        except Exception as broke:
            raise AnalysisCrashed(type(broke).__name__) from broke

    def close(self) -> None:
        """Kill what is running and wait until the processes are gone."""
        self._pool.stop()
        self._pool.join()


def _analyze(content: bytes, report_format: ReportFormat, lexicon_path: Path | None) -> NarrativeAnalysis:
    return analyze(content, report_format, lexicon_path).analysis


def _end_with_parent() -> None:
    """A worker that was killed cannot stop its processes, so they watch it themselves."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
