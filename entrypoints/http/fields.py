"""Kinds of values that go over the wire, and what they refuse."""

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
"""Text of one line: what PostgreSQL cannot store or a terminal would obey is refused."""


def _rfc3339(given: object) -> object:
    if isinstance(given, str) and not RFC3339.fullmatch(given):
        raise ValueError("Give an instant as RFC 3339 has it, such as 2026-03-03T12:00:00Z (in a URL, + is %2B)")
    return given


def _in_utc(given: datetime) -> datetime:
    try:
        return given.astimezone(UTC)
    except OverflowError:
        raise ValueError("Give an instant that UTC can name, too") from None


def _reason(given: str) -> str:
    if not re.fullmatch(REASON, given):
        raise ValueError(RULE)
    return given


RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
AsOf = Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(_in_utc)]
Reason = Annotated[
    str, AfterValidator(_reason), WithJsonSchema({"type": "string", "pattern": REASON, "maxLength": MAX_REASON})
]
"""Kept in the log for ever, and shown to whoever audits it."""
