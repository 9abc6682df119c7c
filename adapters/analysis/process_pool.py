"""Analysis in processes of its own: what crashes, hangs or eats a core there costs only the one report."""

import asyncio
import multiprocessing
import os
import resource
import threading
from pathlib import Path

import pebble
import structlog

from adapters.analysis.lexicon_analyzer import analyze
from application.errors import AnalysisCrashed, AnalysisError, ReportUnreadable
from application.ports.analyzer import Analyzer
from domain.analysis import NarrativeAnalysis
from domain.failures import FailureCode
from domain.reports import ReportFormat

log = structlog.get_logger()
REPORTS_A_PROCESS = 200
"""A process is replaced after so many reports, so that nothing can pile up in it."""


class ProcessPoolAnalyzer(Analyzer):
    """`timeout` in seconds for one report, `memory` in bytes for one process. They start with the first report."""

    def __init__(self, *, processes: int, timeout: float, memory: int, lexicon_path: Path | None) -> None:
        self._memory = memory
        self._processes, self._timeout, self._lexicon_path = processes, timeout, lexicon_path
        self._pool = self._new_pool()

    def _new_pool(self) -> pebble.ProcessPool:
        return pebble.ProcessPool(
            max_workers=self._processes,
            max_tasks=REPORTS_A_PROCESS,
            initializer=_begin,
            initargs=(self._memory,),
            context=multiprocessing.get_context("spawn"),
        )

    async def analyze(self, content: bytes, report_format: ReportFormat) -> NarrativeAnalysis:
        arguments = (content, report_format, self._lexicon_path)
        try:
            task = self._pool.schedule(_analyze, args=arguments, timeout=self._timeout)
        except RuntimeError:  # pebble gives a pool up when a process dies while it takes its task
            self._pool = self._new_pool()
            task = self._pool.schedule(_analyze, args=arguments, timeout=self._timeout)
        try:
            return await asyncio.wrap_future(task)
        except TimeoutError as late:
            raise ReportUnreadable(FailureCode.ANALYSIS_TIMEOUT) from late
        except AnalysisError:
            raise
        except pebble.ProcessExpired as died:
            log.warning("an analysing process died", exit_code=died.exitcode, size=len(content), format=report_format)
            raise AnalysisCrashed(f"exit code {died.exitcode}") from died
        except Exception as broke:
            log.warning("an analysis broke", error=type(broke).__name__, size=len(content), format=report_format)
            raise AnalysisCrashed(type(broke).__name__) from broke

    def close(self) -> None:
        """Kill what is running and wait until the processes are gone."""
        self._pool.stop()
        self._pool.join()


def _analyze(content: bytes, report_format: ReportFormat, lexicon_path: Path | None) -> NarrativeAnalysis:
    return analyze(content, report_format, lexicon_path).analysis


def _begin(memory: int) -> None:
    """Bound this process, and end it with its parent: a worker that was killed cannot stop its processes."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
