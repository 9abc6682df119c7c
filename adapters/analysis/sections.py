"""The sections of a filing, located by their headings.

A table of contents repeats the headings, so of several sections with one name the longest counts.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from domain.analysis import NarrativeSection

APOSTROPHE = "['’`\ufffd]?"
HEADINGS: Mapping[str, re.Pattern[str]] = {
    "risk_factors": re.compile(r"(?:item\s*1a\b[\s.:—–-]*)?(?:certain\s+)?risk\s+factors\b", re.IGNORECASE),
    "business": re.compile(r"item\s*1\s*[.:—–-]*\s*(?:description\s+of\s+)?(?:the\s+)?business\b", re.IGNORECASE),
    "mdna": re.compile(
        rf"(?:item\s*[27]\s*[.:—–-]*\s*)?management(?:{APOSTROPHE}s)?\s+discussion\s+and\s+analysis\b", re.IGNORECASE
    ),
    "letter_to_shareholders": re.compile(
        r"(?:letter\s+to\s+(?:our\s+)?(?:share|stock)holders|(?:dear|to\s+our)\s+(?:fellow\s+)?(?:share|stock)holders)\b",
        re.IGNORECASE,
    ),
}
NEXT_PART = re.compile(r"(?:item\s*\d{1,2}[abc]?\b\s*[.:—–-]|part\s+i{1,3}v?\b|signatures?\s*$)", re.IGNORECASE)
MAX_HEADING = 160
"""In characters."""
MIN_WORDS = 40


def sections(paragraphs: Sequence[str]) -> dict[str, NarrativeSection]:
    """Return the sections by name. Their offsets refer to the paragraphs joined by newlines."""
    offsets = [0]
    for paragraph in paragraphs:
        offsets.append(offsets[-1] + len(paragraph) + 1)
    words = [len(paragraph.split()) for paragraph in paragraphs]
    starts = sorted(_starts(paragraphs))
    longest: dict[str, NarrativeSection] = {}
    ends = [start for start, _ in starts[1:]] + [len(paragraphs)]
    for (start, name), end in zip(starts, ends, strict=False):
        count = sum(words[start:end])
        if name and count >= MIN_WORDS and count > (longest[name].word_count if name in longest else 0):
            longest[name] = NarrativeSection(word_count=count, start=offsets[start], end=offsets[end] - 1)
    return {name: longest[name] for name in HEADINGS if name in longest}


def _starts(paragraphs: Sequence[str]) -> Iterator[tuple[int, str | None]]:
    """Yield the index of each heading and the name of its section, or None for a section without analysis."""
    for index, paragraph in enumerate(paragraphs):
        text = paragraph[:MAX_HEADING].strip()
        name = next((name for name, heading in HEADINGS.items() if heading.match(text)), None)
        if name and (len(paragraph) <= MAX_HEADING or text.lower().startswith(("item", "dear", "to our"))):
            yield index, name
        elif NEXT_PART.match(text) and len(paragraph) <= MAX_HEADING:
            yield index, None
