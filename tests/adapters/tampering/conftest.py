"""The scene of every crime."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg.rows import dict_row

from application.operator_actions import ActionKind
from entrypoints.container import Container, Database
from tests.adapters.tampering.scene import CrimeScene
from tests.support.batches import ATTRIBUTION, finished_batch, started_batch, submitted_batch


@pytest.fixture
async def scene(container: Container, database: Database) -> AsyncIterator[CrimeScene]:
    victim = await finished_batch(container, reports=2)
    await container.sealer().seal()
    running = await started_batch(container)
    await finished_batch(container)
    async with container.operator_storage().transaction() as tx:
        data = {"before": "2026-01-01T00:00:00.000000Z", "rows": 0}
        await container.record()(tx, ActionKind.CLEANUP, ATTRIBUTION, data)
    await container.sealer().seal()
    await submitted_batch(container)
    await container.sealer().seal()
    last = await container.sealed_log().latest()
    assert last is not None
    with psycopg.connect(database.admin_url, autocommit=True, row_factory=dict_row) as superuser:
        superuser.execute("SET session_replication_role = replica")
        yield CrimeScene(container, database, superuser, victim, running, last.note)
