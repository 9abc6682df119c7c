"""Analysis in processes of its own: what crashes, hangs or eats a core there costs only the one report."""

import asyncio
import ctypes
import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
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
PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""


class _Process(SpawnProcess):
    def terminate(self) -> None:
        """They do not listen to SIGTERM, see `_deaf_children`."""
        self.kill()


class _Context(SpawnContext):
    Process = _Process


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
            context=_Context(),
        )

    async def analyze(self, content: bytes, report_format: ReportFormat) -> NarrativeAnalysis:
        try:
            task = self._schedule(content, report_format)
        except RuntimeError:  # pebble gives a pool up when a process dies while it takes its task
            self._pool = self._new_pool()
            task = self._schedule(content, report_format)
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

    def _schedule(self, content: bytes, report_format: ReportFormat) -> "pebble.ProcessFuture[NarrativeAnalysis]":
        with _deaf_children():
            return self._pool.schedule(
                _analyze, args=(content, report_format, self._lexicon_path), timeout=self._timeout
            )

    def close(self) -> None:
        """Kill what is running and wait until the processes are gone."""
        self._pool.stop()
        self._pool.join()


def _analyze(content: bytes, report_format: ReportFormat, lexicon_path: Path | None) -> NarrativeAnalysis:
    return analyze(content, report_format, lexicon_path).analysis


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes and threads made in here never get SIGTERM or SIGINT.

    A service manager or a terminal sends them to every process at once; it is the worker's to say which analysis
    may still end and which is handed back. The resource tracker comes first: where it has yet to be started,
    multiprocessing starts it with the first process, and unblocks both signals afterwards.
    """
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(memory: int) -> None:
    """Bound this process, and end it with its parent: a worker that was killed cannot stop its processes."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _end_with_parent()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):  # the kernel does it, also in the middle of a long regular expression
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent.pid:  # it died before it was asked for
            os._exit(1)
        return
    threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
