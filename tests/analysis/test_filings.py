"""The analysis of real filings, skipped if there are none.

FNA_BATCH_TEST_FILINGS names the folder of the filings; the default is `shared/filings` beside the repository.
"""

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
def test_a_filing_is_analysed_within_three_seconds(file: Path) -> None:
    began = time.monotonic()
    analysis = analysis_of(file)
    assert time.monotonic() - began < 3
    for score in (analysis.optimism_score, analysis.risk_score, analysis.uncertainty_score):
        assert 0 <= score <= 1
    assert analysis.warnings == ()
    assert len(analysis.key_themes) <= 50


def test_a_company_near_insolvency_scores_riskier_and_less_optimistic_than_a_growing_one() -> None:
    mullen, nvidia = analysis_of(FOLDER / "10q_muln_2023.html"), analysis_of(FOLDER / "10k_nvda_fy2024.html")
    assert mullen.risk_score > nvidia.risk_score + 0.2
    assert mullen.optimism_score < nvidia.optimism_score - 0.15


def test_an_earnings_release_gets_no_extreme_optimism_score() -> None:
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
def test_the_sections_of_an_annual_report_are_located(name: str) -> None:
    assert {"business", "risk_factors", "mdna"} <= set(analysis_of(FOLDER / name).narrative_sections)


def test_a_truncated_pdf_fails_and_truncated_html_gives_a_warning() -> None:
    with pytest.raises(ReportUnreadable) as failure:
        analysis_of(FOLDER / "broken_10k_pati_truncated.pdf")
    assert failure.value.code is FailureCode.CORRUPTED_FILE
    assert "cut off" in analysis_of(FOLDER / "broken_10q_aapl_truncated.html").warnings[0]
