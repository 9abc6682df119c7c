"""Rows of `audit_acts` as operator actions."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from application.operator_actions import OperatorAction

Row = Mapping[str, Any]


def action_of(row: Row) -> tuple[OperatorAction, bytes]:
    """Return the action and its stored hash."""
    fields = ("act_id", "kind", "actor", "reason", "data", "recorded_at")
    return OperatorAction(**{name: row[name] for name in fields}), row["hash"]


def undamaged(rows: Iterable[Row]) -> Iterator[tuple[Row, OperatorAction]]:
    """Yield those rows whose content matches their hash, with their actions."""
    for row in rows:
        action, hash_ = action_of(row)
        if action.computed_hash() == hash_:
            yield row, action
