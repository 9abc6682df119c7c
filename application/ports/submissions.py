"""The ports that make submitting safe: the per-user lock, the idempotency key, the queue entry."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


class Submissions(Protocol):
    """The guards of a submission, within the submitting transaction."""

    async def lock_user(self, user_id: UUID) -> None:
        """Make other submissions and erasures of this user wait until this transaction ends."""
        ...

    async def claim_key(self, user_id: UUID, key: str, fingerprint: bytes) -> UUID | None:
        """Return the batch that was submitted with this key, or None if the key is new.

        `fingerprint` identifies the request body. Raises IdempotencyKeyReused if the key was used with another
        fingerprint, IdempotencyKeyInFlight if the first request with the key is still running.
        """
        ...

    async def remember_key(self, user_id: UUID, key: str, fingerprint: bytes, batch_id: UUID) -> None:
        """Store the batch that was submitted with this key."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEntry:
    """The state of a batch in the queue.

    `holder` is None while the batch waits, `heartbeat` is the time of its last holder's last heartbeat, and no worker
    claims the batch before `not_before`.
    """

    holder: str | None
    heartbeat: datetime
    not_before: datetime


class Dispatcher(Protocol):
    """The queue; its changes are part of the transaction in which they are made."""

    async def enqueue(self, batch_id: UUID) -> None:
        """Let any worker claim this batch."""
        ...

    async def redispatch(self, batch_id: UUID) -> None:
        """Take the batch from its holder and let any worker claim it at once; its next start is not an attempt."""
        ...

    async def entry(self, batch_id: UUID) -> QueueEntry | None:
        """Return the batch's entry, or None if the batch is not in the queue."""
        ...
