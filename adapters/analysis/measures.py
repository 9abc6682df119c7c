"""The measures of a sentence ("sales", "losses"): whether more of one is good, and the amounts compared for one."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.analysis.lexicon import Term
from adapters.analysis.tokens import Amount, amounts_in

COMPARATORS = {"from", "compared", "against", "versus", "vs", "comparison", "than"}
TOKENS_BEFORE_COMPARATOR, TOKENS_AFTER_COMPARATOR = 16, 14
"""How far from the comparator an amount may stand, in tokens."""
WEIGHTED_GOODNESS = 0.6


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two amounts of `measures` that the sentence compares; `polarity` is above 0 if the change is good news."""

    measures: frozenset[Term]
    text: str
    polarity: float


def goodness(measure: Term) -> float:
    """Return the polarity of a rise: -1 for a bad measure, 1 for a good one, 0.6 for a good one with a weight."""
    if measure.of("bad"):
        return -1.0
    good = measure.of("good")
    return WEIGHTED_GOODNESS if good and good.weight is not None else 1.0


def comparison_in(tokens: Sequence[str], measures: Sequence[Term]) -> Comparison | None:
    """Return the first comparison that is good or bad news, such as "profit of 4 million, against 3 million".

    `measures` are the terms of category `good` or `bad` in the order of the sentence.
    """
    amounts = amounts_in(tokens)
    for index, token in enumerate(tokens):
        if token not in COMPARATORS:
            continue
        new = next((a for a in reversed(amounts) if index - TOKENS_BEFORE_COMPARATOR <= a.token < index), None)
        old = _old_amount(amounts, index, new)
        if new is None or old is None:
            continue
        measure = next((m for m in reversed(measures) if m.start < new.token), None)
        if measure is None:
            continue
        old_measure = next((m for m in measures if index < m.start < old.token), None)
        if polarity := _polarity(measure, new, old_measure, old):
            text = f"{measure.text} {tokens[new.token]} {token} {tokens[old.token]}"
            return Comparison(frozenset({measure} | ({old_measure} if old_measure else set())), text, polarity)
    return None


def _old_amount(amounts: Sequence[Amount], comparator: int, new: Amount | None) -> Amount | None:
    """Return the first amount of the same unit after the comparator."""
    last = comparator + TOKENS_AFTER_COMPARATOR
    return next((a for a in amounts if comparator < a.token <= last and new and a.unit == new.unit), None)


def _polarity(measure: Term, new: Amount, old_measure: Term | None, old: Amount) -> float:
    """Return 1 or -1 for a swing between profit and loss, else the goodness of the rise or fall, 0 if there is none."""
    if old_measure is not None and _is_loss(measure) != _is_loss(old_measure):
        return -1.0 if _is_loss(measure) else 1.0
    if new.value == old.value:
        return 0.0
    return (1.0 if new.value > old.value else -1.0) * goodness(measure)


def _is_loss(measure: Term) -> bool:
    return "loss" in measure.text or "deficit" in measure.text
