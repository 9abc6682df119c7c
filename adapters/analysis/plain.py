"""Plain text as filings of the 1990s have it: hard-wrapped lines, page marks, tables drawn with spaces."""

import re
from collections.abc import Iterator

from adapters.analysis.document import Document, is_prose

MARKS = re.compile(r"</?(?:PAGE|TABLE|CAPTION|S|C|FN|F\d+)>[ \t]*\d*", re.IGNORECASE)
TABLE, TABLE_END = re.compile(r"<TABLE>", re.IGNORECASE), re.compile(r"</TABLE>", re.IGNORECASE)
PAGE_NUMBER = re.compile(r"[-–]? ?(?:page\s+)?[A-Z]{0,2}-?\d{1,4} ?[-–]?", re.IGNORECASE)
COLUMNS = re.compile(r"\S {3,}\S.*\S {3,}\S|\.{4,}|[-=_]{4,}")
HEADING = re.compile(r"(?:ITEM|PART)\b", re.IGNORECASE)
LONGEST_TABLE_LINE = 400
SPACES = re.compile(r"\s+")


def read_plain(text: str) -> Document:
    return Document(paragraphs=list(paragraphs(without(text, TABLE, TABLE_END, "\n\n").splitlines())))


def without(text: str, begin: re.Pattern[str], end: re.Pattern[str], instead: str = "") -> str:
    """The text without what stands from a match of `begin` to the next of `end`; in time linear in the text.

    One lazy pattern over both looks to the end of the text again for every beginning that is not closed.
    """
    kept, at = [], 0
    while (opened := begin.search(text, at)) and (closed := end.search(text, opened.end())):
        kept += [text[at : opened.start()], instead]
        at = closed.end()
    return "".join([*kept, text[at:]])


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
