"""Text from plain-text filings of the 1990s: hard-wrapped lines, page marks, tables drawn with spaces."""

import re
from collections.abc import Iterator

from adapters.analysis.document import Document, is_prose

MARKS = re.compile(r"</?(?:PAGE|TABLE|CAPTION|S|C|FN|F\d+)>[ \t]*\d*", re.IGNORECASE)
TABLE, TABLE_END = re.compile(r"<TABLE>", re.IGNORECASE), re.compile(r"</TABLE>", re.IGNORECASE)
PAGE_NUMBER = re.compile(r"[-–]? ?(?:page\s+)?[A-Z]{0,2}-?\d{1,4} ?[-–]?", re.IGNORECASE)
COLUMNS = re.compile(r"\S {3,}\S.*\S {3,}\S|\.{4,}|[-=_]{4,}")
HEADING = re.compile(r"(?:ITEM|PART)\b", re.IGNORECASE)
LONGEST_TABLE_LINE = 400
"""In characters. Longer lines are prose, and matching the patterns against them would only take time."""
SPACES = re.compile(r"\s+")


def read_plain(text: str) -> Document:
    """Return the paragraphs of a plain-text filing, without its tables."""
    return Document(paragraphs=list(paragraphs(without_spans(text, TABLE, TABLE_END, "\n\n").splitlines())))


def without_spans(text: str, begin: re.Pattern[str], end: re.Pattern[str], replacement: str = "") -> str:
    """Return the text with each span from a match of `begin` to the next match of `end` replaced.

    The time is linear in the length of the text. One lazy pattern `begin.*?end` would scan to the end of the text for
    every unclosed `begin`, which takes quadratic time.
    """
    kept, position = [], 0
    while (opened := begin.search(text, position)) and (closed := end.search(text, opened.end())):
        kept += [text[position : opened.start()], replacement]
        position = closed.end()
    return "".join([*kept, text[position:]])


def paragraphs(lines: list[str]) -> Iterator[str]:
    """Join lines to paragraphs; an empty line, a page number, a heading or a row of a table ends a paragraph."""
    open_lines: list[str] = []

    def flush() -> Iterator[str]:
        joined = SPACES.sub(" ", " ".join(open_lines)).strip()
        open_lines.clear()
        if joined and is_prose(joined):
            yield joined

    for line in (MARKS.sub("", line).strip() for line in lines):
        if not line or _is_page_number_or_columns(line):
            yield from flush()
        elif HEADING.match(line) and len(line) < 120:
            yield from flush()
            open_lines.append(line)
            yield from flush()
        else:
            open_lines.append(line)
    yield from flush()


def _is_page_number_or_columns(line: str) -> bool:
    if len(line) > LONGEST_TABLE_LINE:
        return False
    return bool(PAGE_NUMBER.fullmatch(line) or (COLUMNS.search(line) and not HEADING.match(line)))
