"""Plain text as filings of the 1990s have it: hard-wrapped lines, page marks, tables drawn with spaces."""

import re
from collections.abc import Iterator

from adapters.analysis.document import Document, is_prose

MARKS = re.compile(r"</?(?:PAGE|TABLE|CAPTION|S|C|FN|F\d+)>[ \t]*\d*", re.IGNORECASE)
TABLE = re.compile(r"<TABLE>.*?</TABLE>", re.IGNORECASE | re.DOTALL)
PAGE_NUMBER = re.compile(r"[-–]? ?(?:page\s+)?[A-Z]{0,2}-?\d{1,4} ?[-–]?", re.IGNORECASE)
COLUMNS = re.compile(r"\S {3,}\S.*\S {3,}\S|\.{4,}|[-=_]{4,}")
HEADING = re.compile(r"(?:ITEM|PART)\b", re.IGNORECASE)
LONGEST_TABLE_LINE = 400
SPACES = re.compile(r"\s+")


def read_plain(text: str) -> Document:
    return Document(paragraphs=list(paragraphs(TABLE.sub("\n\n", text).splitlines())))


def paragraphs(lines: list[str]) -> Iterator[str]:
    """Lines joined to paragraphs; an empty line, a heading or a row of a table ends one."""
    held: list[str] = []

    def flush() -> Iterator[str]:
        joined = SPACES.sub(" ", " ".join(held)).strip()
        held.clear()
        if joined and is_prose(joined):
            yield joined

    for line in (MARKS.sub("", line).strip() for line in lines):
        if not line or _is_page_number_or_columns(line):
            yield from flush()
        elif HEADING.match(line) and len(line) < 120:
            yield from flush()
            held.append(line)
            yield from flush()
        else:
            held.append(line)
    yield from flush()


def _is_page_number_or_columns(line: str) -> bool:
    """A line of a table is short; a long one is text, and would only take time to look at."""
    if len(line) > LONGEST_TABLE_LINE:
        return False
    return bool(PAGE_NUMBER.fullmatch(line) or (COLUMNS.search(line) and not HEADING.match(line)))
