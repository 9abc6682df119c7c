"""What operators did, in `audit_acts`."""

import psycopg
from psycopg.types.json import Jsonb

from adapters.postgres.pool import Connection
from application.acts import Act
from application.errors import ClockAhead
from application.ports.acts import Acts
from sql import query

LOOKS_AHEAD = "FB009"


class PostgresActs(Acts):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def record(self, act: Act) -> None:
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
            await self._connection.execute(query("add_act"), row)
        except psycopg.Error as error:
            if error.sqlstate == LOOKS_AHEAD:
                raise ClockAhead from error
            raise
