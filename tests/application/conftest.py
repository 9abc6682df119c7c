"""The application over storage in memory, with a clock and ids of the tests' own."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

import pytest

from adapters.codec import JsonEventCodec
from adapters.memory import MemoryStorage
from application.handler import CommandHandler
from application.submit import SubmitBatch
from domain.tiers import TierLimits
from tests.support.builders import NOON


@dataclass
class Clock:
    """Stands still unless it is moved."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class World:
    storage: MemoryStorage = field(default_factory=MemoryStorage)
    clock: Clock = field(default_factory=Clock)
    codec: JsonEventCodec = field(default_factory=JsonEventCodec)
    _ids: Iterator[int] = field(default_factory=lambda: count(1000))

    def new_id(self) -> UUID:
        return UUID(int=next(self._ids))

    @property
    def handler(self) -> CommandHandler:
        return CommandHandler(self.storage, self.codec, self.clock)

    @property
    def submit(self) -> SubmitBatch:
        return SubmitBatch(self.storage, self.handler, self.new_id, TierLimits())

    def types(self, batch_id: UUID) -> list[str]:
        return [event.type for event in self.storage.state.events[batch_id]]


@pytest.fixture
def world() -> World:
    return World()
