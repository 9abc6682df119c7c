"""The event log in memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from adapters.memory.state import State, StoredTree
from application.errors import SealedAlready, WrongExpectedVersion
from application.log import GlobalPosition, StoredEvent
from application.ports.event_store import EventStore
from application.ports.read_model import PageAfter


class MemoryEventStore(EventStore):
    def __init__(self, state: State, tree: StoredTree) -> None:
        self._state, self._tree = state, tree

    async def append(self, streams: Sequence[Sequence[StoredEvent]]) -> Sequence[WrongExpectedVersion | None]:
        return [self._append(stream) for stream in streams]

    def _append(self, new: Sequence[StoredEvent]) -> WrongExpectedVersion | None:
        if not new:
            return None
        batch_id, expected = new[0].batch_id, new[0].version - 1
        stored = self._state.events.get(batch_id, ())
        if len(stored) != expected or (stored and stored[-1].type == "Finished"):
            return WrongExpectedVersion(batch_id, expected)
        if any(leaf.batch_id == batch_id and (leaf.version or 0) > expected for leaf in self._tree.leaves.values()):
            raise SealedAlready(batch_id, new[0].version)
        self._state.events[batch_id] = (*stored, *new)
        for event in new:
            position = self._state.transaction, len(self._state.positions) + 1
            self._state.positions[batch_id, event.version] = position
        return None

    async def read(self, batch_id: UUID) -> Sequence[StoredEvent]:
        return self._state.events.get(batch_id, ())

    async def streams(self, batch_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[StoredEvent]]:
        return {batch_id: await self.read(batch_id) for batch_id in batch_ids}

    async def submitted(
        self, user_id: UUID, *, until: datetime | None, after: PageAfter | None, limit: int
    ) -> Sequence[PageAfter]:
        own = [
            PageAfter(created_at=stream[0].recorded_at, batch_id=batch_id)
            for batch_id, stream in self._state.events.items()
            if stream[0].data.get("user_id") == str(user_id) and (until is None or stream[0].recorded_at <= until)
        ]
        if after is not None:
            own = [each for each in own if (each.created_at, each.batch_id) < (after.created_at, after.batch_id)]
        return sorted(own, key=lambda each: (each.created_at, each.batch_id), reverse=True)[:limit]

    async def log(self, after: GlobalPosition, limit: int) -> Sequence[tuple[GlobalPosition, StoredEvent]]:
        return [(at, event) for at, event in self._state.log() if at > after][:limit]
