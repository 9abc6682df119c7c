"""Recording operator actions in `audit_acts`."""

import psycopg
from psycopg.types.json import Jsonb

from adapters.postgres.pool import Connection
from application.errors import ClockAhead
from application.operations.ports.actions import Actions
from application.operator_actions import OperatorAction
from sql import query

CLEANS_UP_THE_FUTURE = "FB009"


class PostgresActions(Actions):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def record(self, action: OperatorAction) -> None:
        row = {
            "act_id": action.act_id,
            "kind": action.kind,
            "actor": action.actor,
            "reason": action.reason,
            "data": Jsonb(action.data),
            "recorded_at": action.recorded_at,
            "hash": action.computed_hash(),
        }
        try:
            await self._connection.execute(query("add_action"), row)
        except psycopg.Error as error:
            if error.sqlstate == CLEANS_UP_THE_FUTURE:
                raise ClockAhead from error
            raise
