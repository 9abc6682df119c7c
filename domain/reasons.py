"""Why somebody acted, in their own words: the only free text that the log takes, and therefore bounded."""

MAX_REASON = 200
"""Characters."""
_UNSEEN = r"\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff" + "\U000e0000-\U000e007f"
REFUSED = rf"\x00-\x1f\x7f-\x9f@\ufe6b\uff20\ufffe\uffff{_UNSEEN}"
REASON = rf"^(?! *$)[^{REFUSED}]{{1,{MAX_REASON}}}$"
"""One line that can be seen; no address of anybody. The database refuses the rest, too."""
RULE = f"A reason is one line of 1 to {MAX_REASON} characters without an @, not of blanks alone"
