"""Sentences to scores: how much they say, where they stand, how often they were said before."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapters.analysis.tone import THRESHOLD, Tone
from domain.analysis import RiskIndicator


@dataclass(frozen=True, slots=True)
class Weight:
    """How much a sentence of a section counts, for the tone and for risk and doubt."""

    tone: float
    risk: float


SECTION_WEIGHT: Mapping[str | None, Weight] = {
    "mdna": Weight(tone=1.0, risk=1.0),
    "letter_to_shareholders": Weight(tone=1.0, risk=0.7),
    "business": Weight(tone=0.5, risk=0.5),
    "risk_factors": Weight(tone=0.04, risk=0.35),
    None: Weight(tone=0.25, risk=0.5),
}
"""Risk factors are written to be worse than the year was, and business descriptions to be better."""

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
"""What could happen weighs less than what did."""

PRIOR_TONE = 8.0
PRIOR_SENTENCES = 25.0
RISK_SCALE = 0.20
DOUBT_SCALE = 0.22
EVIDENCE_TONE = 6.0
EVIDENCE_SENTENCES = 15.0
MAX_INDICATORS = 25
MAX_QUOTED = 400


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    section: str | None
    tone: Tone
    hedged: bool

    @property
    def weight(self) -> Weight:
        return SECTION_WEIGHT[self.section]

    @property
    def risk(self) -> float:
        """How much risk it speaks of; a possibility counts less than a fact, and good news as none."""
        if self.tone.polarity >= THRESHOLD:
            return 0.0
        severity = max((SEVERITY[kind] * weight for kind, weight in self.tone.risks), default=0.0)
        return severity * (HEDGED if self.hedged else 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    optimism: float
    optimism_confidence: float
    risk: float
    risk_confidence: float
    uncertainty: float
    uncertainty_confidence: float


def scores(sentences: Sequence[Sentence]) -> Scores:
    """Each between 0 and 1. A short text stays near the middle: what it does not say is not assumed."""
    good = sum(s.weight.tone * max(0.0, s.tone.polarity) for s in sentences)
    bad = sum(s.weight.tone * max(0.0, -s.tone.polarity) for s in sentences)
    amount = sum(s.weight.risk for s in sentences)
    risk = sum(s.weight.risk * s.risk for s in sentences) / (amount + PRIOR_SENTENCES * 0.5)
    doubt = sum(s.weight.risk * s.tone.uncertainty for s in sentences) / (amount + PRIOR_SENTENCES * 0.5)
    told = sum(s.weight.tone for s in sentences if abs(s.tone.polarity) >= THRESHOLD)
    read = _confidence(amount, EVIDENCE_SENTENCES)
    return Scores(
        optimism=_rounded((good + PRIOR_TONE / 2) / (good + bad + PRIOR_TONE)),
        optimism_confidence=_confidence(told, EVIDENCE_TONE),
        risk=_rounded(1 - math.exp(-risk / RISK_SCALE)),
        risk_confidence=read,
        uncertainty=_rounded(1 - math.exp(-doubt / DOUBT_SCALE)),
        uncertainty_confidence=read,
    )


def risk_indicators(sentences: Sequence[Sentence]) -> tuple[RiskIndicator, ...]:
    """The gravest passages first, one a sentence, at most 25, no type more than a third of them."""
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
    """Those that moved the scores most."""
    ranked = sorted(
        sentences, key=lambda s: (-max(s.weight.tone * abs(s.tone.polarity), s.weight.risk * s.risk / 3), s.text)
    )
    return [s for s in ranked if s.tone.drivers or s.risk][:limit]


def _confidence(evidence: float, half: float) -> float:
    """0 without evidence, one half at `half`, towards 1 with much."""
    return _rounded(evidence / (evidence + half))


def _rounded(value: float) -> float:
    return round(value, 4)
