"""Every contract runs over every adapter of its port."""

from collections.abc import AsyncIterator

import pytest

from adapters.memory import MemoryStorage
from application.ports.storage import Storage
from entrypoints.container import Container


@pytest.fixture(params=["memory", "postgres"])
async def storage(request: pytest.FixtureRequest) -> AsyncIterator[Storage]:
    if request.param == "memory":
        yield MemoryStorage()
        return
    database, settings = request.getfixturevalue("database"), request.getfixturevalue("settings")
    container = Container(settings=settings, database_url=database.url)
    async with container.pool():
        yield container.storage()
