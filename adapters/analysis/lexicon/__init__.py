"""The word list: words and phrases with their categories, and their search in a sentence."""

from adapters.analysis.lexicon.words import Entry, Lexicon, Term, shipped_lexicon

__all__ = ["Entry", "Lexicon", "Term", "shipped_lexicon"]
