"""The contract of Storage: a transaction stores everything or nothing."""

from uuid import UUID

import pytest

from application.ports.storage import Storage
from tests.support.builders import batch_job, chunks, report_of, stream_of

USER = UUID(int=1)


async def test_a_transaction_that_fails_leaves_nothing(storage: Storage) -> None:
    stream = stream_of("Submitted")
    batch_id, mine = stream[0].batch_id, report_of(USER)
    with pytest.raises(ZeroDivisionError):
        async with storage.transaction() as tx:
            await tx.events.append([stream])
            await tx.batch_jobs.save(batch_job(user_id=USER, batch_id=batch_id))
            await tx.reports.add(mine, chunks(b"text"))
            await tx.queue.enqueue(batch_id)
            raise ZeroDivisionError
    async with storage.transaction() as tx:
        assert list(await tx.events.read(batch_id)) == []
        assert await tx.batch_jobs.get(batch_id) is None
        assert await tx.reports.get(mine.report_id) is None
        assert await tx.queue.entry(batch_id) is None


async def test_a_transaction_reads_what_it_wrote(storage: Storage) -> None:
    stream = stream_of("Submitted")
    async with storage.transaction() as tx:
        await tx.events.append([stream])
        assert list(await tx.events.read(stream[0].batch_id)) == stream
