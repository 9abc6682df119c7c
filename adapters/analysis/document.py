"""The text of a report as the extractors give it and the analysis reads it."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.analysis import FinancialMetrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Paragraphs of running text and headings, in order; tables of figures are left out."""

    paragraphs: Sequence[str]
    metrics: FinancialMetrics | None = None
    warnings: tuple[str, ...] = ()


MIN_WORDS_IN_CELL = 12


def is_prose(text: str, min_words: int = 1) -> bool:
    """Whether text is words rather than figures: at least `min_words`, and letters outweigh digits."""
    letters = sum(map(str.isalpha, text))
    digits = sum(map(str.isdigit, text))
    return letters > 2 * digits and text.count(" ") + 1 >= min_words
