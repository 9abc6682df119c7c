"""What the analysis of one report says. Scores and confidences lie between 0.0 and 1.0."""

from collections.abc import Mapping
from dataclasses import dataclass

LOW_CONFIDENCE = 0.7
MAX_KEY_THEMES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskIndicator:
    """A passage that speaks of a risk: the sentence, the kind of risk, and how surely it is one."""

    text: str
    type: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrativeSection:
    """Where a section of the narrative lies: characters of the extracted text, from `start` up to `end`."""

    word_count: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FinancialMetrics:
    """Figures tagged in inline XBRL: dollars (or the filing's currency), growth as a fraction (0.1 is 10%)."""

    revenue: float | None = None
    revenue_growth: float | None = None
    net_income: float | None = None
    net_income_growth: float | None = None
    currency: str | None = None
    period_end: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrativeAnalysis:
    """The same bytes give the same analysis on every machine, `processing_time_seconds` aside."""

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
