"""The contracts of Sealing, by which the tree grows, and of Checkpoints."""

import pytest

from application.audit.ports.sealed_log import SealedLog
from application.errors import CannotSeal
from application.log import StoredEvent
from application.ports.storage import Storage
from tests.contracts.given import add, append, seal_all, seal_leaves, unsealed
from tests.support.builders import stream_of


@pytest.fixture
async def stream(storage: Storage) -> list[StoredEvent]:
    appended = stream_of("Submitted", "Started", "ReportFailed")
    await append(storage, appended)
    return appended


async def test_a_new_log_has_no_checkpoint(sealed_log: SealedLog) -> None:
    assert await sealed_log.latest() is None
    assert await sealed_log.checkpoint(1) is None
    assert list(await sealed_log.checkpoints(above=0, limit=9)) == []
    assert list(await sealed_log.newest(below=None, limit=9)) == []


async def test_what_follows_the_latest_checkpoint_is_unsealed(sealed_log: SealedLog, stream: list[StoredEvent]) -> None:
    await seal_all(sealed_log, limit=1)
    async with sealed_log.sealing() as seal:
        assert seal is not None
        following = await seal.unsealed(9)
        assert [each.version for each in await seal.unsealed(1)] == [2]
    assert [(each.batch_id, each.version, each.hash) for each in following] == [
        (event.batch_id, event.version, event.hash) for event in stream[1:]
    ]


async def test_a_seal_reads_the_tree_that_it_extends(sealed_log: SealedLog, stream: list[StoredEvent]) -> None:
    checkpoint = await seal_all(sealed_log)
    async with sealed_log.sealing() as seal:
        assert seal is not None
        assert await seal.latest() == await seal.checkpoint(3) == checkpoint
        assert list(await seal.leaf_data((0, 2))) == [event.hash for event in stream[:2]]
        assert await seal.subtrees([(8, 0)]) == {}


async def test_only_one_sealer_runs_at_a_time(sealed_log: SealedLog, stream: list[StoredEvent]) -> None:
    async with sealed_log.sealing() as first, sealed_log.sealing() as second:
        assert first is not None
        assert second is None
    assert (await seal_all(sealed_log)).size == 3


async def test_nobody_sees_a_seal_before_it_ends(sealed_log: SealedLog, stream: list[StoredEvent]) -> None:
    async with sealed_log.sealing() as seal:
        assert seal is not None
        checkpoint = await add(seal, await seal.unsealed(9))
        assert await seal.latest() == checkpoint
        assert await sealed_log.latest() is None
    assert await sealed_log.latest() == checkpoint


async def test_a_seal_that_fails_stores_nothing(sealed_log: SealedLog, stream: list[StoredEvent]) -> None:
    with pytest.raises(ZeroDivisionError):
        async with sealed_log.sealing() as seal:
            assert seal is not None
            await add(seal, await seal.unsealed(9))
            raise ZeroDivisionError
    assert await sealed_log.latest() is None
    assert list(await sealed_log.leaves((0, 9))) == []


async def test_an_entry_is_never_sealed_a_second_time(sealed_log: SealedLog, stream: list[StoredEvent]) -> None:
    await seal_all(sealed_log)
    with pytest.raises(CannotSeal):
        await seal_leaves(sealed_log, [unsealed(stream[1])])
    latest = await sealed_log.latest()
    assert latest is not None
    assert latest.size == 3


async def test_checkpoints_are_listed_in_both_directions(sealed_log: SealedLog, stream: list[StoredEvent]) -> None:
    one, two, three = [await seal_all(sealed_log, limit=1) for _ in stream]
    assert [each.previous_size for each in (one, two, three)] == [None, 1, 2]
    assert await sealed_log.latest() == three
    assert await sealed_log.checkpoint(2) == two
    assert list(await sealed_log.checkpoints(above=0, limit=2)) == [one, two]
    assert list(await sealed_log.checkpoints(above=2, limit=2)) == [three]
    assert list(await sealed_log.newest(below=None, limit=2)) == [three, two]
    assert list(await sealed_log.newest(below=2, limit=2)) == [one]
