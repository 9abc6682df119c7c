"""Text from HTML and inline XBRL: the visible paragraphs, including those in layout tables."""

import re
from collections.abc import Iterator
from html import unescape

from lxml import etree, html

from adapters.analysis.document import MIN_WORDS_IN_CELL, Document, is_prose
from adapters.analysis.plain import paragraphs, without_spans
from adapters.analysis.xbrl import metrics_of
from application.errors import ReportUnreadable
from domain.failures import FailureCode

BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "caption",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "document",
        "text",
        "page",
    ]
)
INVISIBLE = frozenset(
    ["script", "style", "head", "title", "noscript", "template", "ix:header", "ix:hidden", "xbrl:xbrl"]
)
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
SPACES = re.compile(r"\s+")
CUT_OFF = "The file ends in the middle: it is cut off, and what it holds was analysed."
BAD_XBRL = "The inline XBRL is malformed: the text was analysed, no figures were read."
NESTED = "The markup is nested more than 2,048 deep: it was read as plain text, without figures."
TOO_DEEP = "xcessive depth"
"""Part of libxml2's message "Excessive depth in document", whichever case its first letter has."""
TAG = re.compile(r"</?([a-z][\w:]*)[^<>]*>", re.IGNORECASE)
OPENED, CLOSED = re.compile(r"<html\b", re.IGNORECASE), re.compile(r"</html\s*>", re.IGNORECASE)


def read_html(text: str) -> Document:
    """Return the visible text and the tagged figures of a page. Raises ReportUnreadable: CORRUPTED_FILE."""
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    source = XML_DECLARATION.sub("", text).replace("\0", "")
    try:
        root = html.document_fromstring(source.encode("utf-8", errors="replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise ReportUnreadable(FailureCode.CORRUPTED_FILE) from error
    warnings = (CUT_OFF,) if _is_cut_off(source) else ()
    if any(TOO_DEEP in entry.message for entry in parser.error_log):
        return Document(paragraphs=_paragraphs_without_parser(source), warnings=(*warnings, NESTED))
    try:
        metrics = metrics_of(root)
    except ValueError:
        metrics, warnings = None, (*warnings, BAD_XBRL)
    return Document(paragraphs=list(_paragraphs(root)), metrics=metrics, warnings=warnings)


def _paragraphs_without_parser(source: str) -> list[str]:
    """Return the paragraphs of markup that is nested too deeply for the parser."""
    for tag in ("script", "style", "head"):
        begin, end = re.compile(rf"<{tag}\b", re.IGNORECASE), re.compile(rf"</{tag}\s*>", re.IGNORECASE)
        source = without_spans(source, begin, end)
    text = TAG.sub(lambda tag: "\n\n" if tag[1].lower() in BLOCKS else "", source)
    return list(paragraphs(unescape(text).splitlines()))


def _is_cut_off(source: str) -> bool:
    return source.rfind("<") > source.rfind(">") or (bool(OPENED.search(source)) and not CLOSED.search(source))


def _paragraphs(root: html.HtmlElement) -> Iterator[str]:
    """Yield the paragraphs; text in a table cell only if the text is prose or a heading."""
    pieces: list[str] = []
    open_cells = 0
    for kind, value in _walk(root):
        if kind == "text":
            pieces.append(value)
            continue
        text = SPACES.sub(" ", "".join(pieces)).strip()
        pieces.clear()
        if text and (not open_cells or is_prose(text, MIN_WORDS_IN_CELL) or _is_heading(text)):
            yield text
        open_cells += {"cell": 1, "/cell": -1}.get(value, 0)


def _walk(root: html.HtmlElement) -> Iterator[tuple[str, str]]:
    """Yield ("text", visible text) and ("break", tag) at the beginning and end of each block.

    The walk is iterative, because filings nest deeper than Python's recursion limit.
    """
    skipped: html.HtmlElement | None = None
    for event, node in etree.iterwalk(root, events=("start", "end")):
        tag = node.tag if isinstance(node.tag, str) else ""
        if event == "start":
            if skipped is None and (tag in INVISIBLE or HIDDEN.search(node.get("style", ""))):
                skipped = node
            if skipped is None:
                if tag in BLOCKS:
                    yield "break", "cell" if tag in ("td", "th") else tag
                if node.text:
                    yield "text", node.text
            continue
        if skipped is None and tag in BLOCKS:
            yield "break", "/cell" if tag in ("td", "th") else tag
        if skipped is node:
            skipped = None
        if skipped is None and node.tail:
            yield "text", node.tail
    yield "break", "end"


def _is_heading(text: str) -> bool:
    return len(text) < 120 and text[:5].lower().startswith(("item", "part"))
