"""The result of analysing one report. Scores and confidences lie between 0.0 and 1.0."""

from collections.abc import Mapping
from dataclasses import dataclass

LOW_CONFIDENCE = 0.7
MAX_KEY_THEMES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskIndicator:
    """A sentence that mentions a risk, the type of the risk, and the confidence that the sentence does mention one."""

    text: str
    type: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrativeSection:
    """A section of the narrative: characters `start` to `end` (exclusive) of the extracted text."""

    word_count: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FinancialMetrics:
    """Figures tagged in inline XBRL: amounts in units of `currency`, growth as a fraction (0.1 is 10%).

    Growth compares with the same period one year earlier. `currency` is an ISO 4217 code, `period_end` an ISO 8601
    date.
    """

    revenue: float | None = None
    revenue_growth: float | None = None
    net_income: float | None = None
    net_income_growth: float | None = None
    currency: str | None = None
    period_end: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrativeAnalysis:
    """The analysis of one report. It depends only on the report's bytes, except for `processing_time_seconds`.

    `low_confidence` is true if any of the three confidences is below `LOW_CONFIDENCE`.
    """

    optimism_score: float
    optimism_confidence: float
    risk_score: float
    risk_confidence: float
    uncertainty_score: float
    uncertainty_confidence: float
    low_confidence: bool
    key_themes: tuple[str, ...]
    risk_indicators: tuple[RiskIndicator, ...]
    narrative_sections: Mapping[str, NarrativeSection]
    financial_metrics: FinancialMetrics | None
    processing_time_seconds: float
    model_version: str
    warnings: tuple[str, ...] = ()
