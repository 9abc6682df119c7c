"""The ports that make submitting safe: the user's turn, the idempotency key, the entry in the queue."""

from typing import Protocol
from uuid import UUID


class Submissions(Protocol):
    async def wait_for_turn(self, user_id: UUID) -> None:
        """Until this transaction ends, nobody else submits for this user."""
        ...

    async def claim_key(self, user_id: UUID, key: str, fingerprint: bytes) -> UUID | None:
        """The batch that this key led to before, or None when it is new.

        Raises IdempotencyKeyReused for another fingerprint, IdempotencyKeyInFlight while the first one runs.
        """
        ...

    async def remember_key(self, user_id: UUID, key: str, fingerprint: bytes, batch_id: UUID) -> None: ...


class Dispatcher(Protocol):
    async def enqueue(self, batch_id: UUID) -> None:
        """Have a worker take this batch; part of the transaction that it is called in."""
        ...
