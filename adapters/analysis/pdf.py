"""PDF text by PDFium, page by page; what stands on most pages at the top or bottom is no narrative."""

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
    """Raises ReportUnreadable: PASSWORD_PROTECTED, CORRUPTED_FILE."""
    try:
        pdf = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as refused:
        code = FailureCode.PASSWORD_PROTECTED if "password" in str(refused).lower() else FailureCode.CORRUPTED_FILE
        raise ReportUnreadable(code) from refused
    try:
        pages = []
        for page in pdf:
            text_page = page.get_textpage()
            pages.append(text_page.get_text_bounded().splitlines())
            text_page.close()
            page.close()
    except pypdfium2.PdfiumError as broken:
        raise ReportUnreadable(FailureCode.CORRUPTED_FILE) from broken
    finally:
        pdf.close()
    return Document(paragraphs=list(paragraphs(_with_breaks(_without_furniture(pages)))))


def _without_furniture(pages: list[list[str]]) -> list[str]:
    """All lines without running heads and feet: those that most pages share, numbers aside."""
    edges = Counter(
        DIGITS.sub("#", line.strip()) for page in pages for line in {*page[:EDGE_LINES], *page[-EDGE_LINES:]}
    )
    furniture = {line for line, times in edges.items() if times > max(3, len(pages) / 2)}
    lines = []
    for page in pages:
        for at, line in enumerate(page):
            on_edge = at < EDGE_LINES or at >= len(page) - EDGE_LINES
            if not (on_edge and DIGITS.sub("#", line.strip()) in furniture):
                lines.append(HYPHEN_AT_END.sub("", line))
    return lines


def _with_breaks(lines: list[str]) -> list[str]:
    """A PDF has no paragraphs: one ends where a sentence ends on a line that is clearly shorter than the others."""
    usual = sorted(map(len, filter(str.strip, lines)))
    full = FULL_LINE * usual[len(usual) * 3 // 4] if usual else 0
    broken = []
    for line in lines:
        broken.append(line)
        if len(line) < full and (SENTENCE_END.search(line) or not line.rstrip()[-1:].islower()):
            broken.append("")
    return broken
