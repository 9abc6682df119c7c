"""Division of paragraphs into sentences."""

import re
from collections.abc import Iterator

END = re.compile(r"""([.!?]["”’)]*)\s+(?=["“‘(]?[A-Z0-9])""")
ABBREVIATION = re.compile(
    r"(?:\b(?:Inc|Corp|Co|Ltd|No|Nos|Mr|Mrs|Ms|Dr|St|vs|approx|Jan|Feb|Mar|Apr|Aug|Sept|Sep|Oct|Nov|Dec|Sec|Art|Vol|pp|al|etc|Jr|Sr)|\b[A-Z]|\b[a-z]\.[a-z])\.$"
)
MAX_WORDS = 120
"""A longer sentence is cut, which bounds the time of its analysis."""
BETWEEN_WORDS = re.compile(r"\s+|(?<=,)(?=[^\s\d])")
LONGEST_WORD = 80
"""In characters. A longer run of dots or letters is not a word and is left out."""


def sentences(paragraph: str) -> Iterator[str]:
    """Yield the sentences of a paragraph. A full stop after an abbreviation does not end a sentence."""
    unfinished = ""
    for piece in END.sub(r"\1\n", paragraph).split("\n"):
        unfinished = f"{unfinished} {piece}" if unfinished else piece
        if ABBREVIATION.search(unfinished[-8:]) and len(unfinished) < 2000:
            continue
        yield from _cut(unfinished)
        unfinished = ""
    if unfinished:
        yield from _cut(unfinished)


def _cut(sentence: str) -> Iterator[str]:
    """Yield the sentence, or pieces of at most `MAX_WORDS` words if the sentence is long."""
    if len(sentence) < MAX_WORDS * 4:
        yield sentence
        return
    words = [word for word in BETWEEN_WORDS.split(sentence) if len(word) <= LONGEST_WORD]
    for start in range(0, len(words), MAX_WORDS):
        yield " ".join(words[start : start + MAX_WORDS])
