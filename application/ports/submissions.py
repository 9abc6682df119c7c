"""The ports that make submitting safe: the user's turn, the idempotency key, the entry in the queue."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


class Submissions(Protocol):
    async def lock_user(self, user_id: UUID) -> None:
        """Until this transaction ends, nobody else submits for this user, and an erasure waits."""
        ...

    async def claim_key(self, user_id: UUID, key: str, fingerprint: bytes) -> UUID | None:
        """The batch that this key led to before, or None when it is new.

        Raises IdempotencyKeyReused for another fingerprint, IdempotencyKeyInFlight while the first one runs.
        """
        ...

    async def remember_key(self, user_id: UUID, key: str, fingerprint: bytes, batch_id: UUID) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEntry:
    """`holder` is null while the batch waits; `heartbeat` is when its holder was last heard of."""

    holder: str | None
    heartbeat: datetime
    not_before: datetime


class Dispatcher(Protocol):
    async def enqueue(self, batch_id: UUID) -> None:
        """Have a worker take this batch; part of the transaction that it is called in."""
        ...

    async def redispatch(self, batch_id: UUID) -> None:
        """Take the batch from whoever holds it, and have a worker take it now; that costs no attempt."""
        ...

    async def entry(self, batch_id: UUID) -> QueueEntry | None:
        """How the batch stands in the queue."""
        ...
