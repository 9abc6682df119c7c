"""Detection of a file's format from its bytes; the file name and the client's content type do not count."""

import re

from domain.reports import ReportFormat

HEAD = 65_536
"""The number of bytes from the beginning of a file that `sniff` needs."""

INLINE_XBRL = re.compile(rb"xmlns:ix\s*=|<ix:(?:header|nonfraction|nonnumeric)\b", re.IGNORECASE)
HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|div|p|table|font|title)\b", re.IGNORECASE)
OTHER_KINDS = (
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"{\\rtf",
    b"Rar!",
    b"7z\xbc\xaf",
)
UTF16 = (b"\xff\xfe", b"\xfe\xff")
MAX_CONTROL_SHARE = 0.02


def sniff(head: bytes) -> ReportFormat | None:
    """Return the format of a file that begins with `head`, or None if the format is not supported."""
    if b"%PDF-" in head[:1024]:
        return ReportFormat.PDF
    if head.startswith(OTHER_KINDS) or not _is_text(head):
        return None
    if INLINE_XBRL.search(head):
        return ReportFormat.IXBRL
    return ReportFormat.HTML if HTML.search(head) else ReportFormat.TEXT


def _is_text(head: bytes) -> bool:
    if head.startswith(UTF16):
        return True
    control = sum(byte < 9 or 13 < byte < 32 for byte in head)
    return b"\0" not in head and control <= MAX_CONTROL_SHARE * len(head)
