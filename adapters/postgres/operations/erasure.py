"""Removing a user's data in bounded pieces."""

from collections.abc import Sequence
from uuid import UUID

from adapters.postgres.pool import Connection
from application.operations.ports.erasure import UserData
from sql import query

MOST = {"erase_report_chunks": 64, "erase_idempotency_keys": 1000, "erase_stray_batch_jobs": 1000}
"""Rows that one transaction removes, by statement."""
MOST_REPORTS = 200


class PostgresUserData(UserData):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock_erasure(self) -> None:
        await self._connection.execute(query("lock_erasure"))

    async def wait_for_user(self, user_id: UUID) -> None:
        await self._connection.execute(query("wait_for_user"), {"user_id": user_id})

    async def remove_rows(self, batch_ids: Sequence[UUID]) -> int:
        return await self._run("erase_batch_jobs", batch_ids=list(batch_ids))

    async def remove_some_content(self, user_id: UUID) -> bool:
        removed = {name: await self._run(name, user_id=user_id, most=most) for name, most in MOST.items()}
        return any(removed[name] == most for name, most in MOST.items())

    async def remove_some_reports(self, user_id: UUID) -> tuple[int, bool]:
        removed = await self._run("erase_reports", user_id=user_id, most=MOST_REPORTS)
        return removed, removed == MOST_REPORTS

    async def _run(self, name: str, **parameters: object) -> int:
        return (await self._connection.execute(query(name), parameters)).rowcount
