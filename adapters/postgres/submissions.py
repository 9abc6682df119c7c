"""Per-user locks and idempotency keys, by advisory locks that end with the transaction."""

from uuid import UUID

from adapters.postgres.pool import Connection
from application.errors import IdempotencyKeyInFlight, IdempotencyKeyReused
from application.ports.submissions import Submissions
from sql import query


class PostgresSubmissions(Submissions):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock_user(self, user_id: UUID) -> None:
        await self._connection.execute(query("lock_user"), {"user_id": user_id})

    async def claim_key(self, user_id: UUID, key: str, fingerprint: bytes) -> UUID | None:
        names = {"user_id": user_id, "key": key}
        lock = await (await self._connection.execute(query("lock_idempotency_key"), names)).fetchone()
        if lock is None or not lock["ours"]:
            raise IdempotencyKeyInFlight
        earlier = await (await self._connection.execute(query("idempotency_key"), names)).fetchone()
        if earlier is None:
            return None
        if earlier["fingerprint"] != fingerprint:
            raise IdempotencyKeyReused
        batch_id: UUID = earlier["batch_id"]
        return batch_id

    async def remember_key(self, user_id: UUID, key: str, fingerprint: bytes, batch_id: UUID) -> None:
        row = {"user_id": user_id, "key": key, "fingerprint": fingerprint, "batch_id": batch_id}
        await self._connection.execute(query("remember_idempotency_key"), row)
