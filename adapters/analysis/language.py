"""Detection of English by the share of its most frequent small words."""

from collections.abc import Sequence

from adapters.analysis.lexicon.words import small_words

MIN_SHARE = 0.08


def is_english(words: Sequence[str]) -> bool:
    """Return whether lower-case `words` are English.

    A fifth to a third of English prose is small words; names and figures lower that share.
    """
    english_words, other_words = small_words("english"), small_words("other")
    english = sum(word in english_words for word in words)
    other = sum(word in other_words for word in words)
    return english >= MIN_SHARE * len(words) and english > other
