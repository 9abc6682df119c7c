"""Full EDGAR submissions: an SGML envelope around several documents, only some of them narrative."""

import re

from adapters.analysis.plain import without_spans

ENVELOPE = re.compile(r"<(?:SEC-DOCUMENT|IMS-DOCUMENT|SUBMISSION|DOCUMENT)>", re.IGNORECASE)
PEM_HEADER = re.compile(r"\A-----BEGIN PRIVACY-ENHANCED MESSAGE-----.*?\n\s*\n", re.DOTALL)
PEM_END = re.compile(r"-----END PRIVACY-ENHANCED MESSAGE-----")
DOCUMENT = re.compile(r"<DOCUMENT>(.*?)(?=</DOCUMENT>|<DOCUMENT>|\Z)", re.DOTALL | re.IGNORECASE)
TYPE = re.compile(r"<TYPE>\s*([^\s<]+)", re.IGNORECASE)
TEXT = re.compile(r"<TEXT>(.*?)(?=</TEXT>|\Z)", re.DOTALL | re.IGNORECASE)
WRAPPERS = re.compile(r"</?(?:XBRL|XML|PDF)>", re.IGNORECASE)
UUENCODED, UUENCODED_END = re.compile(r"^begin \d{3} \S", re.MULTILINE), re.compile(r"^end[ \t]*$", re.MULTILINE)
NOT_NARRATIVE = re.compile(r"GRAPHIC|ZIP|EXCEL|PDF|XML|COVER|JSON|EX-(?:10[0-5]|27|2[34]|3[12])\b", re.IGNORECASE)


def narrative_documents(text: str) -> list[str]:
    """Return the documents of a submission that can contain narrative, or the text itself if it is not a submission."""
    if not ENVELOPE.search(text[:20_000]):
        return [text]
    body = PEM_END.sub("", PEM_HEADER.sub("", text))
    kept = []
    for document in DOCUMENT.findall(body):
        kind = TYPE.search(document)
        content = TEXT.search(document)
        if content and not (kind and NOT_NARRATIVE.match(kind[1])):
            kept.append(without_spans(WRAPPERS.sub("", content[1]), UUENCODED, UUENCODED_END))
    return kept
