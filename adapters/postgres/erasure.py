"""Removing what a user brought in."""

from collections.abc import Sequence
from uuid import UUID

from adapters.postgres.pool import Connection
from application.ports.erasure import Erasure
from sql import query


class PostgresErasure(Erasure):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def alone(self) -> None:
        await self._connection.execute(query("lock_erasure"))

    async def remove_rows(self, batch_ids: Sequence[UUID]) -> int:
        return await self._run("erase_batch_jobs", batch_ids=list(batch_ids))

    async def remove_some_content(self, user_id: UUID) -> int:
        names = ("erase_report_chunks", "erase_idempotency_keys", "erase_stray_batch_jobs")
        return sum([await self._run(name, user_id=user_id) for name in names])

    async def remove_some_reports(self, user_id: UUID) -> int:
        return await self._run("erase_reports", user_id=user_id)

    async def _run(self, name: str, **asked: object) -> int:
        return (await self._connection.execute(query(name), asked)).rowcount
