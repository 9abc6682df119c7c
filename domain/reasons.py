"""Why somebody acted, in their own words: the only free text that the log takes, and therefore bounded."""

MAX_REASON = 200
"""Characters."""
REFUSED = r"\x00-\x1f\x7f-\x9f@\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufe6b\uff20\ufffe\uffff"
REASON = rf"^[^{REFUSED}]{{1,{MAX_REASON}}}$"
"""One line; no address of anybody. The database refuses the rest, too."""
RULE = f"A reason is one line of 1 to {MAX_REASON} characters without an @"
