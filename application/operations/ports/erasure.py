"""The port by which a user's data leave the service."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID


class Erasure(Protocol):
    async def alone(self) -> None:
        """Wait until nobody repairs or rebuilds the read model, and keep them out until this transaction ends."""
        ...

    async def in_flight(self, user_id: UUID) -> None:
        """Wait until whatever this user uploads or submits right now is stored, or given up."""
        ...

    async def remove_rows(self, batch_ids: Sequence[UUID]) -> int:
        """The rows of these batches in the read model; how many it were."""
        ...

    async def remove_some_content(self, user_id: UUID) -> bool:
        """A bounded part of what they uploaded, of their idempotency keys and of rows that the log does not give them.

        Whether there may be more.
        """
        ...

    async def remove_some_reports(self, user_id: UUID) -> tuple[int, bool]:
        """A bounded part of the user's reports with their analyses; how many, and whether there may be more."""
        ...
