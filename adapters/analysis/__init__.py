"""From the bytes of a report to its analysis, by rules and a word list of our own."""
