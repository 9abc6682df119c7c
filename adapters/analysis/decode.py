"""Decoding of a file's bytes: by byte order mark, as UTF-8 if valid, by the declared charset, else as windows-1252.

Filings that declare Latin-1 or ASCII contain windows-1252, so these names mean windows-1252 here.
"""

import codecs
import re

MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
MEANS_CP1252 = {"ascii", "us-ascii", "iso-8859-1", "latin-1", "latin1", "iso8859-1", "iso_8859-1", "ansi"}


def decode(content: bytes) -> str:
    """Return the text of a file. Bytes that are invalid in the chosen encoding become U+FFFD."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode(_declared(content) or "cp1252", errors="replace")


def _declared(content: bytes) -> str | None:
    """Return the codec of the charset that the file declares in its first 4,096 bytes, or None."""
    declaration = DECLARED.search(content[:4096])
    if declaration is None:
        return None
    name = declaration[1].decode("ascii", errors="ignore").lower()
    if name in MEANS_CP1252 or name.startswith("utf"):
        return "cp1252"
    try:
        "".encode(name)  # refuses codecs that are not text encodings, such as "hex"
        return codecs.lookup(name).name
    except (LookupError, UnicodeError):
        return None
