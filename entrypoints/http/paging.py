"""Paging cursors: where the next page begins, in a form that only this service writes."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi.exceptions import RequestValidationError

from application.log import GlobalPosition
from application.ports.read_model import PageAfter


def page_cursor(following: PageAfter | None) -> str | None:
    return None if following is None else encode_cursor(following.created_at.isoformat(), str(following.batch_id))


def page_after(cursor: str | None) -> PageAfter | None:
    """Decode a cursor. Raises RequestValidationError, as every function here does."""
    if not cursor:
        return None
    created_at, batch_id = _decoded(cursor, datetime.fromisoformat, UUID)
    return PageAfter(created_at=created_at, batch_id=batch_id)


def global_position_after(cursor: str | None) -> GlobalPosition:
    if not cursor:
        return 0, 0
    transaction, position = _decoded(cursor, _number(2**64), _number(2**63))
    return transaction, position


def id_after(cursor: str | None) -> UUID | None:
    batch_id: UUID | None = _decoded(cursor, UUID)[0] if cursor else None
    return batch_id


def number_after(cursor: str | None) -> int | None:
    number: int | None = _decoded(cursor, _number(2**63))[0] if cursor else None
    return number


def encode_cursor(*parts: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _number(bound: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if not 0 <= number < bound:
            raise ValueError(text)
        return number

    return read


def _decoded(cursor: str, *kinds: Callable[[str], Any]) -> Sequence[Any]:
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(parts, list) and all(isinstance(part, str) for part in parts):
            return [kind(part) for kind, part in zip(kinds, parts, strict=True)]
    except (binascii.Error, ValueError, RecursionError):
        pass
    message = "Not a cursor of this service: pass the next_cursor of the page before"
    raise RequestValidationError([{"type": "value_error", "loc": ("query", "cursor"), "msg": message}])
