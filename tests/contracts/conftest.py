"""Every contract suite runs over every adapter of its port."""

from collections.abc import AsyncIterator

import pytest

from adapters.memory import MemoryStorage
from application.operations.ports.storage import OperatorStorage
from application.ports.storage import Storage
from entrypoints.container import Container


@pytest.fixture(params=["memory", "postgres"])
async def composed(request: pytest.FixtureRequest) -> AsyncIterator[Container | None]:
    """A container over PostgreSQL; null when the test runs over memory."""
    if request.param == "memory":
        yield None
        return
    database, settings = request.getfixturevalue("database"), request.getfixturevalue("settings")
    container = Container(settings=settings, database_url=database.url)
    async with container.pool():
        yield container


@pytest.fixture
def storage(composed: Container | None) -> Storage:
    return composed.storage() if composed else MemoryStorage()


@pytest.fixture
def operator_storage(composed: Container | None) -> OperatorStorage:
    return composed.operator_storage() if composed else MemoryStorage()
