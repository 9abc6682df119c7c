"""Analysis in processes of its own: what hangs or crashes costs one report."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.analysis.process_pool import ProcessPoolAnalyzer
from application.errors import AnalysisCrashed, ReportUnreadable
from domain.failures import FailureCode
from domain.reports import ReportFormat
from tests.build import TEXT

GIGABYTE = 1024**3
LONG = b"\n\n".join(b"In region %d it was so. " % region + TEXT for region in range(60_000))


@pytest.fixture
def analyzer() -> Iterator[ProcessPoolAnalyzer]:
    pool = ProcessPoolAnalyzer(processes=1, timeout=30, memory=GIGABYTE, lexicon_path=None)
    yield pool
    pool.close()


async def test_a_report_is_analysed_and_a_failure_keeps_its_name(analyzer: ProcessPoolAnalyzer) -> None:
    assert (await analyzer.analyze(TEXT, ReportFormat.TEXT)).optimism_score > 0.5
    with pytest.raises(ReportUnreadable) as failure:
        await analyzer.analyze(b"%PDF-1.4 nothing", ReportFormat.PDF)
    assert failure.value.code is FailureCode.CORRUPTED_FILE


async def test_an_analysis_that_takes_too_long_is_ended() -> None:
    analyzer = ProcessPoolAnalyzer(processes=1, timeout=0.5, memory=GIGABYTE, lexicon_path=None)
    try:
        with pytest.raises(ReportUnreadable) as failure:
            await analyzer.analyze(LONG, ReportFormat.TEXT)
        assert failure.value.code is FailureCode.ANALYSIS_TIMEOUT
    finally:
        analyzer.close()


async def test_a_process_that_dies_costs_one_attempt_and_the_next_works(analyzer: ProcessPoolAnalyzer) -> None:
    await analyzer.analyze(TEXT, ReportFormat.TEXT)
    running = asyncio.create_task(analyzer.analyze(LONG, ReportFormat.TEXT))
    await asyncio.sleep(0.3)
    for child in multiprocessing.active_children():
        child.kill()
    with pytest.raises(AnalysisCrashed):
        await running
    assert (await analyzer.analyze(TEXT, ReportFormat.TEXT)).optimism_score > 0.5


async def test_the_event_loop_stays_free_meanwhile(analyzer: ProcessPoolAnalyzer) -> None:
    running = asyncio.create_task(analyzer.analyze(LONG, ReportFormat.TEXT))
    longest = 0.0
    while not running.done():
        began = time.monotonic()
        await asyncio.sleep(0.01)
        longest = max(longest, time.monotonic() - began)
    await running
    assert longest < 0.5


async def test_a_broken_word_list_is_a_crash_and_not_a_hang(tmp_path: Path) -> None:
    analyzer = ProcessPoolAnalyzer(processes=1, timeout=30, memory=GIGABYTE, lexicon_path=tmp_path / "missing.csv")
    try:
        with pytest.raises(AnalysisCrashed, match="FileNotFoundError"):
            await analyzer.analyze(TEXT, ReportFormat.TEXT)
    finally:
        analyzer.close()


async def test_a_report_that_eats_memory_ends_its_process_and_nothing_else() -> None:
    analyzer = ProcessPoolAnalyzer(processes=1, timeout=30, memory=400 * 1024**2, lexicon_path=None)
    try:
        with pytest.raises(AnalysisCrashed):
            await analyzer.analyze(b"<p>" + b"word " * 9_000_000, ReportFormat.HTML)
        assert (await analyzer.analyze(TEXT, ReportFormat.TEXT)).optimism_score > 0.5
    finally:
        analyzer.close()
