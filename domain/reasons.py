"""Why somebody acted, in their own words: the only free text that the log takes, and therefore bounded."""

MAX_REASON = 200
"""Characters."""
REASON = rf"^[^\x00-\x1f\x7f-\x9f@]{{1,{MAX_REASON}}}$"
"""One line; no address of anybody. The database refuses the rest, too."""
