"""Bytes to text: by the byte order mark, as UTF-8 where that fits, else as windows-1252 (what filings call Latin-1)."""

import codecs
import re

MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
MEANS_CP1252 = {"ascii", "us-ascii", "iso-8859-1", "latin-1", "latin1", "iso8859-1", "iso_8859-1", "ansi"}


def decode(content: bytes) -> str:
    """Never fails: a byte that has no meaning becomes U+FFFD."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode(_declared(content) or "cp1252", errors="replace")


def _declared(content: bytes) -> str | None:
    found = DECLARED.search(content[:4096])
    if found is None:
        return None
    name = found[1].decode("ascii", errors="ignore").lower()
    if name in MEANS_CP1252 or name.startswith("utf"):
        return "cp1252"
    try:
        "".encode(name)  # some codecs are known and turn no text into bytes
        return codecs.lookup(name).name
    except (LookupError, UnicodeError):
        return None
