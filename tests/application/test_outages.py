"""Processing while the database is away."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from application.errors import StorageUnavailable
from application.ports.storage import Transaction
from tests.application.batches import HeldLease, ScriptedAnalyzer, submitted, worker
from tests.application.conftest import World

WHOLE_LIFE = ["Submitted", "Started", "ReportSucceeded", "ReportSucceeded", "Finished"]


async def test_while_the_database_is_away_the_worker_waits_and_keeps_its_analyses(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = await submitted(world)
    away = iter([True, False, False, False, True, True, False, True])
    transaction = world.storage.transaction

    def flapping() -> AbstractAsyncContextManager[Transaction]:
        if next(away, False):
            raise StorageUnavailable("it is away")
        return transaction()

    monkeypatch.setattr(world.storage, "transaction", flapping)
    analyzer = ScriptedAnalyzer()
    await worker(world, analyzer)(batch_id, "w1", HeldLease())
    assert world.types(batch_id) == WHOLE_LIFE
    assert analyzer.analysed == 2, "no report is analysed again"


async def test_an_outcome_whose_answer_got_lost_is_recorded_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    batch_id = await submitted(world)
    lost = iter([False, False, False, True])
    transaction = world.storage.transaction

    @asynccontextmanager
    async def losing() -> AsyncIterator[Transaction]:
        async with transaction() as tx:
            yield tx
        if next(lost, False):
            raise StorageUnavailable("it committed, but the connection broke before its answer")

    monkeypatch.setattr(world.storage, "transaction", losing)
    analyzer = ScriptedAnalyzer()
    await worker(world, analyzer)(batch_id, "w1", HeldLease())
    assert next(lost, None) is None
    assert world.types(batch_id) == WHOLE_LIFE
    assert analyzer.analysed == 2, "no report is analysed again"
