"""The reason that a client or operator gives for an action: the only free text in the log, therefore bounded."""

MAX_REASON = 200
"""In characters."""
_INVISIBLE = r"\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff" + "\U000e0000-\U000e007f"
FORBIDDEN = rf"\x00-\x1f\x7f-\x9f@\ufe6b\uff20\ufffe\uffff{_INVISIBLE}"
REASON = rf"^(?! *$)[^{FORBIDDEN}]{{1,{MAX_REASON}}}$"
"""One line of visible characters without an @, so that no reason contains an e-mail address.

The database has a check constraint with the same rule.
"""
RULE = f"A reason is one line of 1 to {MAX_REASON} visible characters, without an @ and not only spaces"
