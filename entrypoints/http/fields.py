"""Field types of requests and responses, with their validation."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    StringConstraints,
    WithJsonSchema,
)

from domain.reasons import MAX_REASON, REASON, RULE

Instant = Annotated[datetime, AfterValidator(lambda moment: moment.astimezone(UTC))]
Words = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")]
"""One line of text, without control characters."""


def _rfc3339(given: object) -> object:
    if isinstance(given, str) and not RFC3339.fullmatch(given):
        raise ValueError("Give an RFC 3339 instant, such as 2026-03-03T12:00:00Z (in a URL, write + as %2B)")
    return given


def _in_utc(given: datetime) -> datetime:
    try:
        return given.astimezone(UTC)
    except OverflowError:
        raise ValueError("Give an instant within the years 1 to 9999 in UTC") from None


def _reason(given: str) -> str:
    if not re.fullmatch(REASON, given):
        raise ValueError(RULE)
    return given


RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
AsOf = Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(_in_utc)]
Reason = Annotated[
    str, AfterValidator(_reason), WithJsonSchema({"type": "string", "pattern": REASON, "maxLength": MAX_REASON})
]
"""A reason. The log keeps it for ever, and auditors read it."""
