"""Idempotency keys and the queue in memory."""

from datetime import UTC, datetime
from uuid import UUID

from adapters.memory.state import State
from application.errors import IdempotencyKeyReused
from application.ports.submissions import Dispatcher, QueueEntry, Submissions

BEGINNING = datetime.min.replace(tzinfo=UTC)


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
        if batch_id not in self._state.queue:
            self._state.queue = (*self._state.queue, batch_id)

    async def redispatch(self, batch_id: UUID) -> None:
        self._state.queue = (*(each for each in self._state.queue if each != batch_id), batch_id)

    async def entry(self, batch_id: UUID) -> QueueEntry | None:
        if batch_id not in self._state.queue:
            return None
        return QueueEntry(holder=None, heartbeat=BEGINNING, not_before=BEGINNING)
