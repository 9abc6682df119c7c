"""Real filings, where they are at hand: FNA_BATCH_TEST_FILINGS names their folder, else `../shared/filings`."""

import os
import time
from pathlib import Path

import pytest

from adapters.analysis.lexicon_analyzer import analyze
from adapters.analysis.sniff import HEAD, sniff
from application.errors import ReportUnreadable
from domain.analysis import NarrativeAnalysis
from domain.failures import FailureCode

FOLDER = Path(os.environ.get("FNA_BATCH_TEST_FILINGS") or Path(__file__).parents[3] / "shared" / "filings")
FILES = sorted(FOLDER.glob("*.[hpt][tdx]*")) if FOLDER.is_dir() else []
WHOLE = [file for file in FILES if not file.name.startswith("broken")]
pytestmark = pytest.mark.skipif(not WHOLE, reason=f"there are no filings in {FOLDER}")


def analysis_of(file: Path) -> NarrativeAnalysis:
    content = file.read_bytes()
    report_format = sniff(content[:HEAD])
    assert report_format is not None
    return analyze(content, report_format).analysis


@pytest.mark.parametrize("file", WHOLE, ids=lambda file: file.stem)
def test_a_filing_is_analysed(file: Path) -> None:
    began = time.monotonic()
    analysis = analysis_of(file)
    assert time.monotonic() - began < 3
    for score in (analysis.optimism_score, analysis.risk_score, analysis.uncertainty_score):
        assert 0 <= score <= 1
    assert analysis.warnings == ()
    assert len(analysis.key_themes) <= 50


def test_a_company_in_doubt_is_riskier_and_less_optimistic_than_one_of_record_growth() -> None:
    mullen, nvidia = analysis_of(FOLDER / "10q_muln_2023.html"), analysis_of(FOLDER / "10k_nvda_fy2024.html")
    assert mullen.risk_score > nvidia.risk_score + 0.2
    assert mullen.optimism_score < nvidia.optimism_score - 0.15


def test_an_earnings_release_stays_off_the_extremes() -> None:
    release = analysis_of(FOLDER / "8k_buckle_ex991.html")
    assert 0.2 < release.optimism_score < 0.8


@pytest.mark.parametrize(
    ("name", "revenue", "growth"),
    [("10k_nvda_fy2024.html", 60_922e6, 1.2585), ("10k_aapl_2024.html", 391_035e6, 0.0202)],
)
def test_revenue_is_read_from_the_tags(name: str, revenue: float, growth: float) -> None:
    metrics = analysis_of(FOLDER / name).financial_metrics
    assert metrics is not None
    assert (metrics.revenue, metrics.revenue_growth) == (revenue, growth)


@pytest.mark.parametrize("name", ["10k_aapl_2024.html", "10k_nvda_fy2024.html", "10k_pati_2023.pdf"])
def test_the_parts_of_an_annual_report_are_found(name: str) -> None:
    assert {"business", "risk_factors", "mdna"} <= set(analysis_of(FOLDER / name).narrative_sections)


def test_filings_that_are_cut_off_fail_clearly_or_are_flagged() -> None:
    with pytest.raises(ReportUnreadable) as failure:
        analysis_of(FOLDER / "broken_10k_pati_truncated.pdf")
    assert failure.value.code is FailureCode.CORRUPTED_FILE
    assert "cut off" in analysis_of(FOLDER / "broken_10q_aapl_truncated.html").warnings[0]
