"""The port by which a user's data leave the service."""

from typing import Protocol
from uuid import UUID


class Erasure(Protocol):
    async def alone(self) -> None:
        """Wait until nobody repairs or rebuilds the read model, and keep them out until this transaction ends."""
        ...

    async def remove_rows(self, user_id: UUID) -> int:
        """The user's rows in the read model and idempotency keys; how many batches it were."""
        ...

    async def remove_some_content(self, user_id: UUID) -> int:
        """A bounded part of what the user uploaded; how many pieces it were, none when nothing is left."""
        ...

    async def remove_reports(self, user_id: UUID) -> int:
        """The user's reports with their analyses; how many reports it were."""
        ...
