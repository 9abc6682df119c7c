"""Analysis in separate processes, so that an analysis that crashes, hangs or exhausts memory fails only its report."""

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
REPORTS_PER_PROCESS = 200
"""The pool replaces a process after this many reports, which bounds memory leaks."""
PR_SET_PDEATHSIG = 1
"""From `linux/prctl.h`."""


class _Process(SpawnProcess):
    def terminate(self) -> None:
        """Kill the process, because it blocks SIGTERM (see `_signals_blocked`)."""
        self.kill()


class _Context(SpawnContext):
    Process = _Process


class ProcessPoolAnalyzer(Analyzer):
    """An analyser that runs in `processes` separate processes, which start with the first report.

    `timeout` is in seconds per report, `memory` in bytes of address space per process. A None `lexicon_path` selects
    the shipped word list.
    """

    def __init__(self, *, processes: int, timeout: float, memory: int, lexicon_path: Path | None) -> None:
        self._memory = memory
        self._processes, self._timeout, self._lexicon_path = processes, timeout, lexicon_path
        self._pool = self._new_pool()

    def _new_pool(self) -> pebble.ProcessPool:
        return pebble.ProcessPool(
            max_workers=self._processes,
            max_tasks=REPORTS_PER_PROCESS,
            initializer=_set_up_process,
            initargs=(self._memory,),
            context=_Context(),
        )

    async def analyze(self, content: bytes, report_format: ReportFormat) -> NarrativeAnalysis:
        try:
            task = self._schedule(content, report_format)
        except RuntimeError:  # pebble stops a pool if a process dies while receiving a task
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
        except Exception as error:
            name = type(error).__name__
            log.warning("an analysis raised an error", error=name, size=len(content), format=report_format)
            raise AnalysisCrashed(name) from error

    def _schedule(self, content: bytes, report_format: ReportFormat) -> "pebble.ProcessFuture[NarrativeAnalysis]":
        with _signals_blocked():
            return self._pool.schedule(
                _analyze, args=(content, report_format, self._lexicon_path), timeout=self._timeout
            )

    def close(self) -> None:
        """Kill the processes, including any analysis that is running, and wait until the processes have ended."""
        self._pool.stop()
        self._pool.join()


def _analyze(content: bytes, report_format: ReportFormat, lexicon_path: Path | None) -> NarrativeAnalysis:
    return analyze(content, report_format, lexicon_path).analysis


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Block SIGTERM and SIGINT in all processes and threads that are started inside.

    A service manager or a terminal sends these signals to every process of the service, but the worker decides which
    analyses finish and which are handed back. The resource tracker is started first, because multiprocessing would
    start it together with the first process and then unblock both signals.
    """
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _set_up_process(memory: int) -> None:
    """Limit the memory of this process, and end the process with its worker: a killed worker cannot stop it."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _end_with_parent()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):  # the kernel can end this process even during a long regular expression
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent.pid:  # the parent died before the call of prctl
            os._exit(1)
        return
    threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
