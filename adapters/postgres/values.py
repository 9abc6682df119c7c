"""Loading stored values: malformed stored values never abort a read."""

import json
import math
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.abc import AdaptContext, Buffer
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.json import set_json_loads

DEEPEST, CERTAINLY_SHALLOW = 32, 64
"""Levels of nesting that are read; and the count of brackets below which the nesting is not measured."""
BEYOND_ANY_CLOCK = datetime.max.replace(tzinfo=UTC)


def read_anything(context: AdaptContext) -> None:
    """Make a connection load every value: one that Python cannot hold becomes one that matches no hash."""
    set_json_loads(stored_json, context)
    context.adapters.register_loader("timestamptz", _InstantLoader)


def stored_json(text: str | bytes) -> Any:
    """Load a JSON column. A value that the service never writes becomes one that matches no hash."""
    try:
        decoded = text if isinstance(text, str) else text.decode()
        value = _DECODER.decode(decoded)
    except (ValueError, RecursionError):
        return {"unreadable": len(text)}
    shallow = decoded.count("[") + decoded.count("{") < CERTAINLY_SHALLOW
    return value if shallow or not _deep(value) else {"unreadable": len(text)}


def _deep(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return False
    return True


def _inside(value: object) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [each for each in inner if isinstance(each, dict | list)]


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


_DECODER = json.JSONDecoder(parse_float=_finite)


class _InstantLoader(TimestamptzLoader):
    def load(self, data: Buffer) -> datetime:
        try:
            return super().load(data)
        except psycopg.DataError:
            return BEYOND_ANY_CLOCK
