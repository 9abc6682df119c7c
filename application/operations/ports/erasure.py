"""The port by which a user's data leaves the service."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID


class UserData(Protocol):
    async def lock_erasure(self) -> None:
        """Wait for repairs and rebuilds of the read model to end, and keep new ones out until this transaction ends."""
        ...

    async def wait_for_user(self, user_id: UUID) -> None:
        """Wait until every upload and submission of the user that is in flight is committed or rolled back."""
        ...

    async def remove_rows(self, batch_ids: Sequence[UUID]) -> int:
        """Remove these batches from the read model; return the count."""
        ...

    async def remove_some_content(self, user_id: UUID) -> bool:
        """Remove a bounded part of the user's uploads and idempotency keys, and of rows that no event gives them.

        Return whether there may be more.
        """
        ...

    async def remove_some_reports(self, user_id: UUID) -> tuple[int, bool]:
        """Remove a bounded part of the user's reports with their analyses; return the count, and if more may remain."""
        ...
