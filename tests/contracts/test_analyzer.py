"""The contract of Analyzer."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.analysis.process_pool import ProcessPoolAnalyzer
from application.errors import ReportUnreadable
from application.ports.analyzer import Analyzer
from domain.analysis import NarrativeAnalysis
from domain.failures import FailureCode
from domain.reports import ReportFormat
from tests.support.builders import TEXT
from tests.support.in_process_analyzer import InProcessAnalyzer

ROOT = Path(__file__).parents[2]
GIGABYTE = 1024**3
SAMPLES = {
    "plain text": ("samples/good/northfield_letter_to_shareholders.txt", ReportFormat.TEXT),
    "inline XBRL": ("samples/good/aurora_instruments_10k.html", ReportFormat.IXBRL),
    "HTML": ("samples/good/harrow_mining_10q.html", ReportFormat.HTML),
    "PDF": ("samples/good/lakeside_water_annual_report.pdf", ReportFormat.PDF),
}
UNREADABLE = {
    "a PDF that was cut off": (
        "samples/difficult/cut_off_download.pdf",
        ReportFormat.PDF,
        FailureCode.CORRUPTED_FILE,
    ),
    "a German report": (
        "samples/difficult/rheinwerk_geschaeftsbericht.html",
        ReportFormat.HTML,
        FailureCode.UNSUPPORTED_LANGUAGE,
    ),
    "tables alone": ("samples/difficult/tables_only.html", ReportFormat.HTML, FailureCode.NO_NARRATIVE_TEXT),
    "a locked PDF": ("tests/analysis/locked.pdf", ReportFormat.PDF, FailureCode.PASSWORD_PROTECTED),
}


@pytest.fixture(scope="module", params=["in process", "process pool"])
def analyzer(request: pytest.FixtureRequest) -> Iterator[Analyzer]:
    if request.param == "in process":
        yield InProcessAnalyzer()
        return
    with closing(ProcessPoolAnalyzer(processes=1, timeout=60, memory=GIGABYTE, lexicon_path=None)) as pool:
        yield pool


def untimed(analysis: NarrativeAnalysis) -> NarrativeAnalysis:
    return replace(analysis, processing_time_seconds=0)


@pytest.mark.parametrize(("file", "report_format"), SAMPLES.values(), ids=SAMPLES)
async def test_every_format_is_analysed(analyzer: Analyzer, file: str, report_format: ReportFormat) -> None:
    found = await analyzer.analyze((ROOT / file).read_bytes(), report_format)
    measures = (found.optimism_score, found.risk_score, found.uncertainty_score)
    confidences = (found.optimism_confidence, found.risk_confidence, found.uncertainty_confidence)
    assert all(0 <= each <= 1 for each in (*measures, *confidences))
    assert found.model_version
    assert found.processing_time_seconds >= 0


async def test_the_same_bytes_give_the_same_analysis(analyzer: Analyzer) -> None:
    first, second = [await analyzer.analyze(TEXT, ReportFormat.TEXT) for _ in range(2)]
    assert untimed(first) == untimed(second) == untimed(await InProcessAnalyzer().analyze(TEXT, ReportFormat.TEXT))


@pytest.mark.parametrize(("file", "report_format", "code"), UNREADABLE.values(), ids=UNREADABLE)
async def test_a_report_that_cannot_be_analysed_fails_with_its_code(
    analyzer: Analyzer, file: str, report_format: ReportFormat, code: FailureCode
) -> None:
    with pytest.raises(ReportUnreadable) as failure:
        await analyzer.analyze((ROOT / file).read_bytes(), report_format)
    assert failure.value.code is code


async def test_reports_that_are_analysed_at_once_do_not_affect_each_other(analyzer: Analyzer) -> None:
    broken = analyzer.analyze(b"%PDF-1.4 nothing", ReportFormat.PDF)
    sound = analyzer.analyze(TEXT, ReportFormat.TEXT)
    failure, found = await asyncio.gather(broken, sound, return_exceptions=True)
    assert isinstance(failure, ReportUnreadable)
    assert isinstance(found, NarrativeAnalysis)
