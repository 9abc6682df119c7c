"""Paragraphs to sentences."""

import re
from collections.abc import Iterator

END = re.compile(r"""([.!?]["”’)]*)\s+(?=["“‘(]?[A-Z0-9])""")
ABBREVIATION = re.compile(
    r"(?:\b(?:Inc|Corp|Co|Ltd|No|Nos|Mr|Mrs|Ms|Dr|St|vs|approx|Jan|Feb|Mar|Apr|Aug|Sept|Sep|Oct|Nov|Dec|Sec|Art|Vol|pp|al|etc|Jr|Sr)|\b[A-Z]|\b[a-z]\.[a-z])\.$"
)
MAX_WORDS = 120
BETWEEN_WORDS = re.compile(r"\s+|(?<=,)(?=[^\s\d])")
LONGEST_WORD = 80
"""What is longer is no word: a run of dots or letters, which would only take time."""


def sentences(paragraph: str) -> Iterator[str]:
    """The sentences of a paragraph; one that never ends is cut, so that no input takes long."""
    held = ""
    for piece in END.sub(r"\1\n", paragraph).split("\n"):
        held = f"{held} {piece}" if held else piece
        if ABBREVIATION.search(held[-8:]) and len(held) < 2000:
            continue
        yield from _cut(held)
        held = ""
    if held:
        yield from _cut(held)


def _cut(sentence: str) -> Iterator[str]:
    if len(sentence) < MAX_WORDS * 4:
        yield sentence
        return
    words = [word for word in BETWEEN_WORDS.split(sentence) if len(word) <= LONGEST_WORD]
    for at in range(0, len(words), MAX_WORDS):
        yield " ".join(words[at : at + MAX_WORDS])
