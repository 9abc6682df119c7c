"""What operators did, in `audit_acts`."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from adapters.postgres.pool import Connection
from application.errors import ClockAhead
from application.operations.ports.actions import Actions
from application.operator_actions import OperatorAction
from sql import query

LOOKS_AHEAD = "FB009"


def act_of(row: Mapping[str, Any]) -> tuple[OperatorAction, bytes]:
    """An act, and the hash that is stored of it."""
    fields = ("act_id", "kind", "actor", "reason", "data", "recorded_at")
    return OperatorAction(**{name: row[name] for name in fields}), row["hash"]


def believed(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], OperatorAction]]:
    """Those rows whose content is what was hashed, with their acts."""
    for row in rows:
        act, hash_ = act_of(row)
        if act.computed_hash() == hash_:
            yield row, act


class PostgresActions(Actions):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def record(self, act: OperatorAction) -> None:
        row = {
            "act_id": act.act_id,
            "kind": act.kind,
            "actor": act.actor,
            "reason": act.reason,
            "data": Jsonb(act.data),
            "recorded_at": act.recorded_at,
            "hash": act.computed_hash(),
        }
        try:
            await self._connection.execute(query("add_action"), row)
        except psycopg.Error as error:
            if error.sqlstate == LOOKS_AHEAD:
                raise ClockAhead from error
            raise
