"""The tone of one sentence: polarity, uncertainty and risks, each with the words that caused them.

Single words are not counted. A direction ("fell") is read together with its measure ("losses"). Amounts that the
sentence compares are compared. A negation reverses the words after it; a concession ("despite ...") counts less.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.analysis.lexicon import Lexicon, Term
from adapters.analysis.measures import comparison_in, goodness
from adapters.analysis.tokens import clause_starts, tokens_of

THRESHOLD = 0.3
"""The label of a sentence is neutral if its polarity is closer to zero than this."""
BARE_DIRECTION = 0.4
"""Factor for a direction without a measure."""
NEGATION = -0.7
CONCESSION = 0.4
LATER_CLAUSE = 0.6
MODAL = 0.6
"""Factors for words behind a negator, in a concession, in a clause after the first, and with a modal verb."""
CONCESSIONS = {"despite", "although", "though"}
REVERSED_BY_BAD_MEASURE = ("strong", "stronger", "record", "good", "positive")
BEFORE_BAD_MEASURE = -0.5
"""Factor for one of these words before a bad measure ("record losses")."""
TOKENS_AFTER_NEGATOR = 4
UNCERTAINTY_SCALE = 3
"""Sum of weights that makes a sentence fully uncertain."""


@dataclass(frozen=True, slots=True)
class Driver:
    """The words that moved a sentence's polarity, and the amount by which they moved it."""

    text: str
    polarity: float


@dataclass(frozen=True, slots=True)
class Tone:
    """`polarity` from -1 to 1; `uncertainty` from 0 to 1; `risks` as pairs of type and weight."""

    polarity: float
    uncertainty: float
    risks: tuple[tuple[str, float], ...]
    drivers: tuple[Driver, ...]

    @property
    def label(self) -> str:
        if abs(self.polarity) < THRESHOLD:
            return "neutral"
        return "positive" if self.polarity > 0 else "negative"


def tone_of(sentence: str, lexicon: Lexicon) -> Tone:
    """Return the tone of a sentence; any text has one."""
    tokens = tokens_of(sentence)
    return _Reading(tokens, list(lexicon.find(tokens))).tone()


class _Reading:
    """One sentence during its analysis: tokens, terms, clauses, and the terms that a driver already explains."""

    def __init__(self, tokens: Sequence[str], terms: Sequence[Term]) -> None:
        self.tokens = tokens
        self.terms = [term for term in terms if term.of("thing") is None]
        self.clause_of = clause_starts(tokens)
        self.measures = [term for term in self.terms if term.of("good") or term.of("bad")]
        self.negators = [term for term in self.terms if term.of("negator")]
        self.explained: set[Term] = set()

    def tone(self) -> Tone:
        drivers = [*self._directions(), *self._comparisons(), *self._polar_words(), *self._bare_losses()]
        total = sum(driver.polarity for driver in drivers)
        return Tone(
            polarity=max(-1.0, min(1.0, total)),
            uncertainty=self._uncertainty(),
            risks=tuple(self._risks()),
            drivers=tuple(drivers),
        )

    def _directions(self) -> list[Driver]:
        """Return a driver for each rise or fall, together with the measure that rises or falls."""
        drivers = []
        for term in self.terms:
            up, down = term.of("up"), term.of("down")
            direction = up or down
            if direction is None or term in self.explained:
                continue
            polarity = (1 if up else -1) * direction.weight_or_one
            measure = self._measure_of(term)
            if measure is not None:
                self.explained |= {term, measure}
                polarity *= goodness(measure)
                text = f"{measure.text} {term.text}" if measure.start < term.start else f"{term.text} {measure.text}"
            else:
                polarity *= BARE_DIRECTION
                text = term.text
            if polarity:
                drivers.append(self._driver(term, text, polarity))
        return drivers

    def _measure_of(self, direction: Term) -> Term | None:
        """Return the measure of a direction: "higher costs", "increase in sales", "sales, which fell"."""
        clause = self.clause_of[direction.start]
        same = [m for m in self.measures if self.clause_of[m.start] == clause and m is not direction]
        after = next((m for m in same if 0 <= m.start - direction.end <= 2), None)
        before = next((m for m in reversed(same) if 0 <= direction.start - m.end <= 12), None)
        following = self.tokens[direction.end : direction.end + 1]
        if following in (["in"], ["of"]):
            return next((m for m in same if 0 < m.start - direction.end <= 6), before)
        adjacent = after is not None and after.start == direction.end
        return after if adjacent and (before is None or following != ["to"]) else before or after

    def _comparisons(self) -> list[Driver]:
        """Return a driver for two compared amounts, unless a direction has already explained the change."""
        if any(term in self.explained for term in self.terms if term.of("up") or term.of("down")):
            return []
        comparison = comparison_in(self.tokens, self.measures)
        if comparison is None:
            return []
        self.explained |= comparison.measures
        return [Driver(comparison.text, comparison.polarity)]

    def _polar_words(self) -> list[Driver]:
        """Return a driver for each word with a tone of its own."""
        drivers = []
        for term in self.terms:
            if term in self.explained:
                continue
            positive, negative = term.of("positive"), term.of("negative")
            polarity = (positive.weight_or_one if positive else 0.0) - (negative.weight_or_one if negative else 0.0)
            if not polarity:
                continue
            if polarity > 0 and term.text in REVERSED_BY_BAD_MEASURE and self._precedes_bad_measure(term):
                polarity = BEFORE_BAD_MEASURE * polarity
            drivers.append(self._driver(term, term.text, polarity))
        return drivers

    def _precedes_bad_measure(self, term: Term) -> bool:
        return any(m.of("bad") and 0 <= m.start - term.end <= 1 for m in self.measures)

    def _bare_losses(self) -> list[Driver]:
        """Return a driver for the first loss without a direction: to mention a loss is bad news."""
        drivers = []
        for term in self.measures:
            bad = term.of("bad")
            if bad and bad.weight and term not in self.explained:
                drivers.append(self._driver(term, term.text, -bad.weight))
        return drivers[:1]

    def _driver(self, term: Term, text: str, polarity: float) -> Driver:
        """Return the driver of a term, after negation, concession and modal verbs of its clause."""
        clause = self.clause_of[term.start]
        if any(
            self.clause_of[n.start] == clause and 0 < term.start - n.start <= TOKENS_AFTER_NEGATOR
            for n in self.negators
            if n != term
        ):
            text, polarity = f"not {text}", NEGATION * polarity
        if self.tokens[clause] in CONCESSIONS:
            polarity *= CONCESSION
        elif clause:
            polarity *= LATER_CLAUSE
        if any(other.of("weak") and self.clause_of[other.start] == clause for other in self.terms):
            polarity *= MODAL
        return Driver(text, polarity)

    def _uncertainty(self) -> float:
        doubts = [entry for term in self.terms if (entry := term.of("uncertain") or term.of("weak"))]
        return min(1.0, sum(entry.weight_or_one for entry in doubts) / UNCERTAINTY_SCALE)

    def _risks(self) -> list[tuple[str, float]]:
        """Return each type of risk with its greatest weight."""
        strongest: dict[str, float] = {}
        for term in self.terms:
            for entry in term.entries.values():
                if entry.category.startswith("risk:"):
                    kind = entry.category.removeprefix("risk:")
                    strongest[kind] = max(strongest.get(kind, 0.0), entry.weight_or_one)
        return list(strongest.items())
