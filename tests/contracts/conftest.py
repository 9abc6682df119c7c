"""Each contract suite runs over every adapter of its port, and knows only the port."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from adapters.memory import MemoryAuditSource, MemorySealedLog, MemoryShadowTables, MemoryStorage
from application.audit.ports.audit_source import AuditSource
from application.audit.ports.sealed_log import SealedLog
from application.operations.ports.shadow_table import ShadowTables
from application.operations.ports.storage import OperatorStorage
from application.ports.storage import Storage
from entrypoints.container import Container


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapters:
    """The adapters of one technology, over one empty database."""

    storage: Storage
    operator_storage: OperatorStorage
    sealed_log: SealedLog
    audit_source: AuditSource
    shadow_tables: ShadowTables


def in_memory() -> Adapters:
    storage = MemoryStorage()
    return Adapters(
        storage=storage,
        operator_storage=storage,
        sealed_log=MemorySealedLog(storage),
        audit_source=MemoryAuditSource(storage),
        shadow_tables=MemoryShadowTables(storage),
    )


def on_postgres(container: Container) -> Adapters:
    return Adapters(
        storage=container.storage(),
        operator_storage=container.operator_storage(),
        sealed_log=container.sealed_log(),
        audit_source=container.audit_source(),
        shadow_tables=container.shadow_tables(),
    )


@pytest.fixture(params=["memory", "postgres"])
async def adapters(request: pytest.FixtureRequest) -> AsyncIterator[Adapters]:
    if request.param == "memory":
        yield in_memory()
        return
    database, settings = request.getfixturevalue("database"), request.getfixturevalue("settings")
    container = Container(settings=settings, database_url=database.url)
    async with container.pool():
        yield on_postgres(container)


@pytest.fixture
def storage(adapters: Adapters) -> Storage:
    return adapters.storage


@pytest.fixture
def operator_storage(adapters: Adapters) -> OperatorStorage:
    return adapters.operator_storage


@pytest.fixture
def sealed_log(adapters: Adapters) -> SealedLog:
    return adapters.sealed_log


@pytest.fixture
def audit_source(adapters: Adapters) -> AuditSource:
    return adapters.audit_source


@pytest.fixture
def shadow_tables(adapters: Adapters) -> ShadowTables:
    return adapters.shadow_tables
