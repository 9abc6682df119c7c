"""The word list: which words and phrases say what, found in a sentence longest first."""

from adapters.analysis.lexicon.words import Entry, Lexicon, Term, shipped_lexicon

__all__ = ["Entry", "Lexicon", "Term", "shipped_lexicon"]
