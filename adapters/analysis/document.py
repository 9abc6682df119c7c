"""The text of a report, between extraction from its format and analysis."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.analysis import FinancialMetrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The paragraphs and headings of a report in order, without tables of figures."""

    paragraphs: Sequence[str]
    metrics: FinancialMetrics | None = None
    warnings: tuple[str, ...] = ()


MIN_WORDS_IN_CELL = 12
"""A table cell with fewer words is not a paragraph."""


def is_prose(text: str, min_words: int = 1) -> bool:
    """Return whether the text has at least `min_words` words and more than two letters for each digit."""
    letters = sum(map(str.isalpha, text))
    digits = sum(map(str.isdigit, text))
    return letters > 2 * digits and text.count(" ") + 1 >= min_words
