"""Idempotency keys and the queue in memory."""

from datetime import UTC, datetime
from uuid import UUID

from adapters.memory.state import State
from application.errors import IdempotencyKeyReused
from application.ports.submissions import Dispatcher, QueueEntry, Submissions

BEGINNING = datetime.min.replace(tzinfo=UTC)
WAITING = QueueEntry(holder=None, heartbeat=BEGINNING, not_before=BEGINNING)


class MemorySubmissions(Submissions):
    """One transaction runs at a time, so the per-user lock is always free and no key is ever in flight."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def lock_user(self, user_id: UUID) -> None:
        return None

    async def claim_key(self, user_id: UUID, key: str, fingerprint: bytes) -> UUID | None:
        seen, batch_id = self._state.keys.get((user_id, key), (fingerprint, None))
        if seen != fingerprint:
            raise IdempotencyKeyReused
        return batch_id

    async def remember_key(self, user_id: UUID, key: str, fingerprint: bytes, batch_id: UUID) -> None:
        self._state.keys[user_id, key] = (fingerprint, batch_id)


class MemoryDispatcher(Dispatcher):
    def __init__(self, state: State) -> None:
        self._state = state

    async def enqueue(self, batch_id: UUID) -> None:
        self._state.queue.setdefault(batch_id, WAITING)

    async def redispatch(self, batch_id: UUID) -> None:
        self._state.queue.pop(batch_id, None)
        await self.enqueue(batch_id)

    async def entry(self, batch_id: UUID) -> QueueEntry | None:
        return self._state.queue.get(batch_id)
