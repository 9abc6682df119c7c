"""Text from PDF, read by PDFium page by page and joined to paragraphs, without running heads and feet."""

import re
from collections import Counter

import pypdfium2

from adapters.analysis.document import Document
from adapters.analysis.plain import paragraphs
from application.errors import ReportUnreadable
from domain.failures import FailureCode

DIGITS = re.compile(r"\d+")
SENTENCE_END = re.compile(r"""[.!?:;]["”’)]*\s*$""")
HYPHEN_AT_END = re.compile("[\ufffe\u00ad]\\s*$")
EDGE_LINES = 2
FULL_LINE = 0.75


def read_pdf(content: bytes) -> Document:
    """Return the text of a PDF. Raises ReportUnreadable: PASSWORD_PROTECTED, CORRUPTED_FILE."""
    try:
        pdf = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        code = FailureCode.PASSWORD_PROTECTED if "password" in str(error).lower() else FailureCode.CORRUPTED_FILE
        raise ReportUnreadable(code) from error
    try:
        pages = []
        for page in pdf:
            text_page = page.get_textpage()
            pages.append(text_page.get_text_bounded().splitlines())
            text_page.close()
            page.close()
    except pypdfium2.PdfiumError as error:
        raise ReportUnreadable(FailureCode.CORRUPTED_FILE) from error
    finally:
        pdf.close()
    return Document(paragraphs=list(paragraphs(_with_breaks(_without_running_heads(pages)))))


def _without_running_heads(pages: list[list[str]]) -> list[str]:
    """Return all lines except running heads and feet: lines at the edge of most pages, equal except for numbers."""
    edges = Counter(
        DIGITS.sub("#", line.strip()) for page in pages for line in {*page[:EDGE_LINES], *page[-EDGE_LINES:]}
    )
    running_heads = {line for line, times in edges.items() if times > max(3, len(pages) / 2)}
    lines = []
    for page in pages:
        for index, line in enumerate(page):
            on_edge = index < EDGE_LINES or index >= len(page) - EDGE_LINES
            if not (on_edge and DIGITS.sub("#", line.strip()) in running_heads):
                lines.append(HYPHEN_AT_END.sub("", line))
    return lines


def _with_breaks(lines: list[str]) -> list[str]:
    """Return the lines with an empty line after each paragraph, because a PDF does not mark paragraphs.

    A paragraph ends with a line that is clearly shorter than most and does not break off in the middle of a sentence.
    """
    lengths = sorted(map(len, filter(str.strip, lines)))
    shortest_full_line = FULL_LINE * lengths[len(lengths) * 3 // 4] if lengths else 0
    with_breaks = []
    for line in lines:
        with_breaks.append(line)
        if len(line) < shortest_full_line and (SENTENCE_END.search(line) or not line.rstrip()[-1:].islower()):
            with_breaks.append("")
    return with_breaks
