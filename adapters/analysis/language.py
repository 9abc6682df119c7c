"""Whether a text is English, told by its small words: any other language has others."""

from collections.abc import Sequence

from adapters.analysis.lexicon.words import small_words

MIN_SHARE = 0.08


def is_english(words: Sequence[str]) -> bool:
    """`words` in lower case. English text has a fifth to a third of small words; names and figures lower that."""
    english_words, other_words = small_words("english"), small_words("other")
    english = sum(word in english_words for word in words)
    others = sum(word in other_words for word in words)
    return english >= MIN_SHARE * len(words) and english > others
