"""What operators did, in `audit_acts`."""

from psycopg.types.json import Jsonb

from adapters.postgres.pool import Connection
from application.acts import Act
from application.ports.acts import Acts
from sql import query


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
        await self._connection.execute(query("add_act"), row)
