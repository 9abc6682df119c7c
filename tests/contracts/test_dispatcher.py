"""The contract of Dispatcher."""

from application.ports.storage import Storage
from tests.support.builders import new_id


async def test_an_enqueued_batch_waits_without_a_holder(storage: Storage) -> None:
    batch_id = new_id()
    async with storage.transaction() as tx:
        assert await tx.queue.entry(batch_id) is None
        await tx.queue.enqueue(batch_id)
    async with storage.transaction() as tx:
        entry = await tx.queue.entry(batch_id)
    assert entry is not None
    assert entry.holder is None


async def test_a_batch_that_is_enqueued_twice_has_one_entry(storage: Storage) -> None:
    batch_id = new_id()
    async with storage.transaction() as tx:
        await tx.queue.enqueue(batch_id)
        await tx.queue.enqueue(batch_id)
        assert await tx.queue.entry(batch_id) is not None


async def test_a_batch_can_be_redispatched_whether_it_is_enqueued_or_not(storage: Storage) -> None:
    batch_id = new_id()
    for _ in range(2):
        async with storage.transaction() as tx:
            await tx.queue.redispatch(batch_id)
        async with storage.transaction() as tx:
            entry = await tx.queue.entry(batch_id)
        assert entry is not None
        assert entry.holder is None
