"""The port by which a user's data leave the service."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID


class Erasure(Protocol):
    async def alone(self) -> None:
        """Wait until nobody repairs or rebuilds the read model, and keep them out until this transaction ends."""
        ...

    async def remove_rows(self, batch_ids: Sequence[UUID]) -> int:
        """The rows of these batches in the read model; how many it were."""
        ...

    async def remove_some_content(self, user_id: UUID) -> int:
        """A bounded part of what the user uploaded, of their idempotency keys and of rows that the log does not know.

        How many pieces it were, none when nothing is left.
        """
        ...

    async def remove_some_reports(self, user_id: UUID) -> int:
        """A bounded part of the user's reports with their analyses; how many reports it were."""
        ...
