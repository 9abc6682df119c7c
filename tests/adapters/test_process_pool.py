"""Analysis in separate processes: an analysis that hangs or crashes fails only its own report."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.analysis.process_pool import ProcessPoolAnalyzer
from application.errors import AnalysisCrashed, ReportUnreadable
from domain.analysis import NarrativeAnalysis
from domain.failures import FailureCode
from domain.reports import ReportFormat
from tests.support.builders import TEXT
from tests.support.running_service import eventually

GIGABYTE = 1024**3
LONG = b"\n\n".join(b"In region %d it was so. " % region + TEXT for region in range(60_000))
"""Its analysis takes many seconds."""
SECONDS_LONG = LONG[: len(LONG) // 4]


@pytest.fixture
def analyzer() -> Iterator[ProcessPoolAnalyzer]:
    pool = ProcessPoolAnalyzer(processes=1, timeout=30, memory=GIGABYTE, lexicon_path=None)
    yield pool
    pool.close()


async def test_an_analysis_or_the_code_of_its_failure_is_returned(analyzer: ProcessPoolAnalyzer) -> None:
    assert (await analyzer.analyze(TEXT, ReportFormat.TEXT)).optimism_score > 0.5
    with pytest.raises(ReportUnreadable) as failure:
        await analyzer.analyze(b"%PDF-1.4 nothing", ReportFormat.PDF)
    assert failure.value.code is FailureCode.CORRUPTED_FILE


async def test_an_analysis_that_exceeds_its_time_limit_ends() -> None:
    analyzer = ProcessPoolAnalyzer(processes=1, timeout=0.5, memory=GIGABYTE, lexicon_path=None)
    try:
        with pytest.raises(ReportUnreadable) as failure:
            await analyzer.analyze(LONG, ReportFormat.TEXT)
        assert failure.value.code is FailureCode.ANALYSIS_TIMEOUT
    finally:
        analyzer.close()


async def analysing(analyzer: ProcessPoolAnalyzer) -> tuple[asyncio.Task[NarrativeAnalysis], int]:
    """Start a long analysis and return it with the pid of its process, once the process works on it."""
    await analyzer.analyze(TEXT, ReportFormat.TEXT)
    (child,) = multiprocessing.active_children()
    assert child.pid is not None
    idle = cpu_seconds(child.pid)
    running = asyncio.create_task(analyzer.analyze(SECONDS_LONG, ReportFormat.TEXT))
    while cpu_seconds(child.pid) < idle + 0.1:
        await asyncio.to_thread(cpu_seconds, child.pid)
    return running, child.pid


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def test_a_killed_process_fails_its_analysis_and_the_next_analysis_succeeds(
    analyzer: ProcessPoolAnalyzer,
) -> None:
    running, pid = await analysing(analyzer)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(AnalysisCrashed):
        await running
    assert (await analyzer.analyze(TEXT, ReportFormat.TEXT)).optimism_score > 0.5


async def test_sigterm_and_sigint_do_not_end_an_analysing_process(analyzer: ProcessPoolAnalyzer) -> None:
    running, pid = await analysing(analyzer)
    os.kill(pid, signal.SIGTERM)
    os.kill(pid, signal.SIGINT)
    assert (await running).optimism_score > 0.5


ORPHANING = """
import asyncio, os, re, signal
from adapters.analysis import process_pool

async def main():
    analyzer = process_pool.ProcessPoolAnalyzer(processes=1, timeout=60, memory=1024**3, lexicon_path=None)
    print(analyzer._pool.schedule(os.getpid).result(), flush=True)
    analyzer._pool.schedule(re.search, args=("(a|a)*b", "a" * 64))
    signal.pause()

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_an_analysing_process_ends_with_its_worker_during_a_regular_expression(tmp_path: Path) -> None:
    """A regular expression holds the interpreter's lock, so no thread of the process could end the process."""
    script = tmp_path / "worker.py"
    script.write_text(ORPHANING)
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(root)}
    ) as worker:
        assert worker.stdout is not None
        pid = int(worker.stdout.readline())
        eventually(lambda: cpu_seconds(pid) > 1)
        worker.kill()
    eventually(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text())


async def test_an_analysis_does_not_block_the_event_loop(analyzer: ProcessPoolAnalyzer) -> None:
    running = asyncio.create_task(analyzer.analyze(SECONDS_LONG, ReportFormat.TEXT))
    longest_pause = 0.0
    while not running.done():
        began = time.monotonic()
        await asyncio.sleep(0.01)
        longest_pause = max(longest_pause, time.monotonic() - began)
    await running
    assert longest_pause < 0.5


async def test_a_missing_word_list_raises_analysis_crashed(tmp_path: Path) -> None:
    analyzer = ProcessPoolAnalyzer(processes=1, timeout=30, memory=GIGABYTE, lexicon_path=tmp_path / "missing.csv")
    try:
        with pytest.raises(AnalysisCrashed, match="FileNotFoundError"):
            await analyzer.analyze(TEXT, ReportFormat.TEXT)
    finally:
        analyzer.close()


async def test_a_report_that_exceeds_the_memory_limit_ends_only_its_process() -> None:
    analyzer = ProcessPoolAnalyzer(processes=1, timeout=30, memory=400 * 1024**2, lexicon_path=None)
    try:
        with pytest.raises(AnalysisCrashed):
            await analyzer.analyze(b"<p>" + b"word " * 9_000_000, ReportFormat.HTML)
        assert (await analyzer.analyze(TEXT, ReportFormat.TEXT)).optimism_score > 0.5
    finally:
        analyzer.close()
