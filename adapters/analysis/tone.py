"""The tone of one sentence: what rises or falls, whether that is good, what is doubted, what is risked.

Nothing here counts single words. A direction ("fell") is read with the measure that it belongs to ("losses"), two
amounts are compared where the sentence compares them, a negation turns what follows it, a concession counts less.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from adapters.analysis.lexicon import Entry, Lexicon, Term

WORD = r"[a-z]+(?:[-'][a-z]+)*"
TOKEN = re.compile(rf"{WORD}|[-+]?\d[\d,]*(?:\.\d+)?|[%$€£(),;:.]")
SPLIT_NUMBER = re.compile(r"(?<=\d) ?([.,]) ?(?=\d)(?<! [.,] )")
POSSESSIVE = re.compile(r" ?'s\b")
CLAUSE_ENDS = {";", ":", "but", "while", "whereas", "although", "though", "however", "despite", "because"}
CONCESSIONS = {"despite", "although", "though"}
COMPARATORS = {"from", "compared", "against", "versus", "vs", "comparison", "than"}
SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mln": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}
CURRENCIES = {"eur", "euro", "euros", "usd", "$", "€", "£", "gbp", "sek", "dollars", "eek", "lvl", "ltl", "rs", "cents"}
PERCENT = {"%", "pct", "percent", "per"}
OUTLOOK_HEDGE = 0.6
BARE_DIRECTION = 0.4
THRESHOLD = 0.3
"""A sentence whose polarity lies within this of zero is neutral."""


@dataclass(frozen=True, slots=True)
class Driver:
    """What moved a sentence's tone, and by how much."""

    text: str
    polarity: float


@dataclass(frozen=True, slots=True)
class Tone:
    """`polarity` from -1 to 1; `uncertainty` from 0 to 1; `risks` by type with their weight."""

    polarity: float
    uncertainty: float
    risks: tuple[tuple[str, float], ...]
    drivers: tuple[Driver, ...]

    @property
    def label(self) -> str:
        if abs(self.polarity) < THRESHOLD:
            return "neutral"
        return "positive" if self.polarity > 0 else "negative"


@dataclass(frozen=True, slots=True)
class _Amount:
    at: int
    value: float
    unit: str


def tokens_of(sentence: str) -> list[str]:
    text = sentence.lower().replace("’", "'").replace("``", "").replace("''", "")
    text = re.sub(r"(?<=[a-z\d])\s+([.,])\s?(?=\d)", r"\1", re.sub(r"(?<=\d) \.(?=\d)", ".", text))
    return TOKEN.findall(POSSESSIVE.sub(" ", text))


def tone_of(sentence: str, lexicon: Lexicon) -> Tone:
    tokens = tokens_of(sentence)
    return _Reading(tokens, list(lexicon.find(tokens))).tone()


class _Reading:
    """One sentence being read: its tokens, the entries found in them, and the clauses they stand in."""

    def __init__(self, tokens: Sequence[str], terms: Sequence[Term]) -> None:
        self.tokens = tokens
        self.terms = [term for term in terms if term.of("thing") is None]
        self.clause_of = _clauses(tokens)
        self.measures = [term for term in self.terms if term.of("good") or term.of("bad")]
        self.negators = [term for term in self.terms if term.of("negator")]
        self.used: set[Term] = set()

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
        found = []
        for term in self.terms:
            up, down = term.of("up"), term.of("down")
            entry = up or down
            if entry is None or term in self.used:
                continue
            sign = (1 if up else -1) * _weight(entry)
            measure = self._measure_of(term)
            if measure is not None:
                self.used |= {term, measure}
                sign *= _goodness(measure)
                text = f"{measure.text} {term.text}" if measure.start < term.start else f"{term.text} {measure.text}"
            else:
                sign *= BARE_DIRECTION
                text = term.text
            if sign:
                found.append(self._driver(term, text, sign))
        return found

    def _measure_of(self, term: Term) -> Term | None:
        """The measure that a direction belongs to: "higher costs", "increase in sales", "sales, which fell"."""
        same = [m for m in self.measures if self.clause_of[m.start] == self.clause_of[term.start] and m is not term]
        after = next((m for m in same if 0 <= m.start - term.end <= 2), None)
        before = next((m for m in reversed(same) if 0 <= term.start - m.end <= 12), None)
        following = self.tokens[term.end : term.end + 1]
        if following in (["in"], ["of"]):
            return next((m for m in same if 0 < m.start - term.end <= 6), before)
        return (
            after if after and (before is None or following != ["to"]) and after.start == term.end else before or after
        )

    def _comparisons(self) -> list[Driver]:
        """Two amounts that the sentence compares, where no direction has said it already."""
        if any(term in self.used for term in self.terms if term.of("up") or term.of("down")):
            return []
        amounts = _amounts(self.tokens)
        for at, token in enumerate(self.tokens):
            if token not in COMPARATORS:
                continue
            now = next((a for a in reversed(amounts) if at - 16 <= a.at < at), None)
            then = next((a for a in amounts if at < a.at <= at + 14 and now and a.unit == now.unit), None)
            if now is None or then is None:
                continue
            measure = next((m for m in reversed(self.measures) if m.start < now.at), None)
            other = next((m for m in self.measures if at < m.start < then.at), None)
            change = self._change(measure, now, other, then)
            if change and measure is not None:
                self.used |= {measure} | ({other} if other else set())
                text = f"{measure.text} {' '.join(self.tokens[now.at : now.at + 1])} {token} {self.tokens[then.at]}"
                return [Driver(text, change)]
        return []

    def _change(self, measure: Term | None, now: _Amount, other: Term | None, then: _Amount) -> float:
        if measure is None or not (measure.of("good") or measure.of("bad")):
            return 0.0
        if other is not None and _is_loss(measure) != _is_loss(other):
            return -1.0 if _is_loss(measure) else 1.0
        if now.value == then.value:
            return 0.0
        return (1.0 if now.value > then.value else -1.0) * (_goodness(measure) or 1.0)

    def _polar_words(self) -> list[Driver]:
        found = []
        for term in self.terms:
            if term in self.used:
                continue
            positive, negative = term.of("positive"), term.of("negative")
            polarity = (_weight(positive) if positive else 0.0) - (_weight(negative) if negative else 0.0)
            if not polarity:
                continue
            if (
                polarity > 0
                and term.text in ("strong", "stronger", "record", "good", "positive")
                and self._of_bad(term)
            ):
                polarity = -0.5 * polarity
            found.append(self._driver(term, term.text, polarity))
        return found

    def _of_bad(self, term: Term) -> bool:
        return any(m.of("bad") and 0 <= m.start - term.end <= 1 for m in self.measures)

    def _bare_losses(self) -> list[Driver]:
        """A loss is bad news by being mentioned, where nothing was said about its direction."""
        found = []
        for term in self.measures:
            bad = term.of("bad")
            if bad and bad.weight and term not in self.used:
                found.append(self._driver(term, term.text, -bad.weight))
        return found[:1]

    def _driver(self, term: Term, text: str, polarity: float) -> Driver:
        clause = self.clause_of[term.start]
        if any(self.clause_of[n.start] == clause and 0 < term.start - n.start <= 4 for n in self.negators if n != term):
            text, polarity = f"not {text}", -0.7 * polarity
        if self.tokens[clause] in CONCESSIONS:
            polarity *= 0.4
        elif clause:
            polarity *= 0.6
        if any(other.of("weak") and self.clause_of[other.start] == clause for other in self.terms):
            polarity *= OUTLOOK_HEDGE
        return Driver(text, polarity)

    def _uncertainty(self) -> float:
        doubts = [entry for term in self.terms if (entry := term.of("uncertain") or term.of("weak"))]
        return min(1.0, sum(_weight(entry) for entry in doubts) / 3)

    def _risks(self) -> list[tuple[str, float]]:
        strongest: dict[str, float] = {}
        for term in self.terms:
            for entry in term.entries.values():
                if entry.category.startswith("risk:"):
                    kind = entry.category.removeprefix("risk:")
                    strongest[kind] = max(strongest.get(kind, 0.0), _weight(entry))
        return list(strongest.items())


def _clauses(tokens: Sequence[str]) -> list[int]:
    """For each token the index at which its clause begins."""
    began, clauses = 0, []
    for at, token in enumerate(tokens):
        if token in CLAUSE_ENDS and at:
            began = at
        clauses.append(began)
    return clauses


def _amounts(tokens: Sequence[str]) -> list[_Amount]:
    """The numbers that are amounts: with a currency, a scale, a percent sign or a decimal point; not years."""
    found = []
    for at, token in enumerate(tokens):
        if not token[-1].isdigit():
            continue
        value = float(token.replace(",", "") or 0)
        after, before = tokens[at + 1 : at + 2], tokens[at - 1 : at] if at else []
        scale = SCALES.get(after[0] if after else "", 1.0)
        if after and after[0] in PERCENT:
            unit = "%"
        elif scale > 1 or (before and before[0] in CURRENCIES) or (after and after[0] in CURRENCIES) or "." in token:
            unit = "amount"
        else:
            continue
        found.append(_Amount(at, value * scale, unit))
    return found


def _weight(entry: Entry) -> float:
    return 1.0 if entry.weight is None else entry.weight


def _goodness(measure: Term) -> float:
    """1 where more is better, -1 where less is, 0 where it tells nothing."""
    if measure.of("bad"):
        return -1.0
    good = measure.of("good")
    return 1.0 if good and good.weight is None else 0.6 if good else 0.0


def _is_loss(measure: Term) -> bool:
    return "loss" in measure.text or "deficit" in measure.text
