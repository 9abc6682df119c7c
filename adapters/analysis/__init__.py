"""The lexicon analyser: from the bytes of a report to its analysis, by rules and a word list."""
