"""Scores, risk indicators and driving sentences of a report, computed from its sentences."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapters.analysis.tone import THRESHOLD, Tone
from domain.analysis import RiskIndicator


@dataclass(frozen=True, slots=True)
class Weight:
    """The factors by which a sentence of a section counts: `tone` for optimism, `risk` for risk and uncertainty."""

    tone: float
    risk: float


SECTION_WEIGHT: Mapping[str | None, Weight] = {
    "mdna": Weight(tone=1.0, risk=1.0),
    "letter_to_shareholders": Weight(tone=1.0, risk=0.7),
    "business": Weight(tone=0.5, risk=0.5),
    "risk_factors": Weight(tone=0.04, risk=0.35),
    None: Weight(tone=0.25, risk=0.5),
}
"""Risk factors describe a year as worse than it was, business descriptions as better, so both count less."""

SEVERITY: Mapping[str, float] = {
    "going concern": 8.0,
    "liquidity": 2.5,
    "losses": 2.5,
    "controls": 2.0,
    "credit": 0.7,
    "impairment": 0.7,
    "litigation": 0.7,
    "regulation": 0.7,
    "demand": 0.8,
    "supply": 0.6,
    "competition": 0.5,
    "security": 0.5,
    "market": 0.5,
}
HEDGED = 0.3
"""Factor for the risk of a sentence about a possibility instead of a fact."""

PRIOR_TONE = 8.0
PRIOR_SENTENCES = 25.0
"""Weights of neutral text that is added to every report, so that a few sentences cannot give an extreme score."""
RISK_SCALE = 0.20
UNCERTAINTY_SCALE = 0.22
"""Mean per sentence at which a score reaches 1 - 1/e, about 0.63."""
HALF_CONFIDENCE_TONE = 6.0
HALF_CONFIDENCE_SENTENCES = 15.0
"""Evidence at which a confidence reaches 0.5."""
MAX_INDICATORS = 25
MAX_QUOTED = 400
"""In characters."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a report with its tone; `hedged` is true if the sentence contains a word such as "may"."""

    text: str
    section: str | None
    tone: Tone
    hedged: bool

    @property
    def weight(self) -> Weight:
        return SECTION_WEIGHT[self.section]

    @property
    def risk(self) -> float:
        """The greatest weighted severity of the sentence's risks; 0 for good news, reduced for a possibility."""
        if self.tone.polarity >= THRESHOLD:
            return 0.0
        severity = max((SEVERITY[kind] * weight for kind, weight in self.tone.risks), default=0.0)
        return severity * (HEDGED if self.hedged else 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The scores of a report and their confidences, each between 0 and 1."""

    optimism: float
    optimism_confidence: float
    risk: float
    risk_confidence: float
    uncertainty: float
    uncertainty_confidence: float


def scores(sentences: Sequence[Sentence]) -> Scores:
    """Return the scores of a report. A short report gets no extreme score, and low confidences."""
    good = sum(s.weight.tone * max(0.0, s.tone.polarity) for s in sentences)
    bad = sum(s.weight.tone * max(0.0, -s.tone.polarity) for s in sentences)
    weight = sum(s.weight.risk for s in sentences)
    risk = sum(s.weight.risk * s.risk for s in sentences) / (weight + PRIOR_SENTENCES * 0.5)
    uncertainty = sum(s.weight.risk * s.tone.uncertainty for s in sentences) / (weight + PRIOR_SENTENCES * 0.5)
    toned = sum(s.weight.tone for s in sentences if abs(s.tone.polarity) >= THRESHOLD)
    confidence = _confidence(weight, HALF_CONFIDENCE_SENTENCES)
    return Scores(
        optimism=_rounded((good + PRIOR_TONE / 2) / (good + bad + PRIOR_TONE)),
        optimism_confidence=_confidence(toned, HALF_CONFIDENCE_TONE),
        risk=_rounded(1 - math.exp(-risk / RISK_SCALE)),
        risk_confidence=confidence,
        uncertainty=_rounded(1 - math.exp(-uncertainty / UNCERTAINTY_SCALE)),
        uncertainty_confidence=confidence,
    )


def risk_indicators(sentences: Sequence[Sentence]) -> tuple[RiskIndicator, ...]:
    """Return at most 25 risk indicators, the most severe first, one per sentence and at most 9 of one type."""
    ranked = sorted((s for s in sentences if s.risk > 0), key=lambda s: (-s.risk * s.weight.risk, s.text))
    chosen: list[RiskIndicator] = []
    by_type: Counter[str] = Counter()
    for sentence in ranked:
        kind, weight = max(sentence.tone.risks, key=lambda risk: SEVERITY[risk[0]] * risk[1])
        if by_type[kind] <= MAX_INDICATORS // 3 and len(chosen) < MAX_INDICATORS:
            by_type[kind] += 1
            confidence = _rounded(min(1.0, weight) * (0.5 if sentence.hedged else 0.9))
            chosen.append(RiskIndicator(text=sentence.text[:MAX_QUOTED], type=kind, confidence=confidence))
    return tuple(chosen)


def driving_sentences(sentences: Sequence[Sentence], limit: int) -> list[Sentence]:
    """Return the sentences that moved the scores most, the strongest first, at most `limit`."""
    ranked = sorted(
        sentences, key=lambda s: (-max(s.weight.tone * abs(s.tone.polarity), s.weight.risk * s.risk / 3), s.text)
    )
    return [s for s in ranked if s.tone.drivers or s.risk][:limit]


def _confidence(evidence: float, half: float) -> float:
    """Return 0 without evidence, 0.5 if the evidence equals `half`, and more towards 1 with more evidence."""
    return _rounded(evidence / (evidence + half))


def _rounded(value: float) -> float:
    return round(value, 4)
