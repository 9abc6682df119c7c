"""Repair of the queue, and the detection of dead workers on the same machine."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from adapters.pgqueuer import LocalLiveness
from application.log import Metadata
from application.submit import Submission
from domain.tiers import Tier
from entrypoints.container import Container
from tests.support.builders import uploaded
from tests.support.queue_workers import BatchRecorder, enqueue, running_worker, until


@pytest.mark.parametrize(
    "change",
    [
        "execute_after = 'infinity'",
        "execute_after = '-infinity'",
        "execute_after = now() + INTERVAL '1 year'",
        "entrypoint = 'x'",
        "status = 'picked', queue_manager_id = gen_random_uuid(), heartbeat = now() + INTERVAL '1 year'",
    ],
)
async def test_a_queue_entry_that_no_worker_would_claim_is_repaired(container: Container, change: str) -> None:
    recorder = BatchRecorder()
    batch_id = await enqueue(container)
    async with container.pool().connection() as connection:
        await connection.execute(f"UPDATE pgqueuer SET {change}".encode())
    async with running_worker(container, recorder) as worker:
        await worker.reconciler.reconcile()
        await until(lambda: recorder.ended)
    assert recorder.ended_batches == [batch_id]


async def test_an_unfinished_batch_without_a_queue_entry_is_enqueued_again(container: Container) -> None:
    (report_id,) = await uploaded(container.storage(), UUID(int=1))
    submission = Submission(user_id=UUID(int=1), tier=Tier.BASIC, report_ids=(report_id,))
    accepted = await container.submit()(submission, Metadata(actor="test", correlation_id=UUID(int=2)))
    async with container.pool().connection() as connection:
        await connection.execute("DELETE FROM pgqueuer")
    recorder = BatchRecorder()
    async with running_worker(container, recorder):
        await until(lambda: recorder.ended)
    assert recorder.ended_batches[0] == accepted.batch_id


def test_a_live_worker_is_not_reported_dead(tmp_path: Path) -> None:
    first, second = LocalLiveness(tmp_path), LocalLiveness(tmp_path)
    first.register(uuid4())
    second.register(uuid4())
    assert (first.dead_workers(), second.dead_workers()) == ([], [])
    first.unregister()
    assert second.dead_workers() == []
    second.unregister()


def test_a_file_that_is_not_named_after_a_worker_is_not_a_dead_worker(tmp_path: Path) -> None:
    (tmp_path / "backup.lock").touch()
    assert LocalLiveness(tmp_path).dead_workers() == []
