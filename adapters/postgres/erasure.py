"""Removing what a user brought in."""

from uuid import UUID

from adapters.postgres.pool import Connection
from application.ports.erasure import Erasure
from sql import query


class PostgresErasure(Erasure):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def alone(self) -> None:
        await self._connection.execute(query("lock_erasure"))

    async def remove_rows(self, user_id: UUID) -> int:
        await self._run("erase_idempotency_keys", user_id)
        return await self._run("erase_batch_jobs", user_id)

    async def remove_some_content(self, user_id: UUID) -> int:
        return await self._run("erase_report_chunks", user_id)

    async def remove_reports(self, user_id: UUID) -> int:
        return await self._run("erase_reports", user_id)

    async def _run(self, name: str, user_id: UUID) -> int:
        return (await self._connection.execute(query(name), {"user_id": user_id})).rowcount
