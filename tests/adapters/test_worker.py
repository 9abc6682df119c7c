"""The worker: leases that are renewed, taken over, given back."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from pgqueuer.adapters.persistence.queries import Queries
from psycopg.rows import scalar_row
from psycopg_pool import PoolTimeout

from adapters.pgqueuer import LocalLiveness, PgQueuerDispatcher, PgQueuerWorker
from adapters.pgqueuer.worker import AFTER_AN_OUTAGE, POLL, ended
from application.log import Metadata
from application.ports.worker import Lease, RunBatch
from application.submit import Submission
from domain.refusals import BatchUnknown
from domain.tiers import Tier
from entrypoints.container import Container, Database
from tests.support.builders import new_id, uploaded_reports
from tests.support.running_service import database_away

HEARTBEAT = 0.4
POLLS_TOO_MANY = 8
OUTAGE = 2.0
BEATING = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'UPDATE pgqueuer%heartbeat%' "
    "AND application_name <> 'fna-batch' ORDER BY query_start DESC LIMIT 1"
)
PATIENCE = 10.0


class Recorder:
    """Stands for the work: remembers who ran what, and waits where it is told to."""

    def __init__(self) -> None:
        self.runs: list[tuple[UUID, str]] = []
        self.ended: list[tuple[UUID, str]] = []
        self.cancelled: list[tuple[UUID, str]] = []
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.counted: list[bool] = []
        self.works = False
        self.failures: list[Exception] = []

    async def __call__(self, batch_id: UUID, holder: str, lease: Lease) -> None:
        self.counted.append(lease.counts_as_attempt)
        if self.works:
            await lease.mark_analysing()
        self.runs.append((batch_id, holder))
        if self.failures:
            raise self.failures.pop()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled.append((batch_id, holder))
            raise
        self.ended.append((batch_id, holder))


@asynccontextmanager
async def working(
    container: Container,
    recorder: RunBatch,
    *,
    concurrency: int = 10,
    eager: int = 10,
    grace: float = 0.1,
) -> AsyncIterator[PgQueuerWorker]:
    worker = PgQueuerWorker(
        container.pool(),
        recorder,
        database_url=container.database_url(),
        worker_id=uuid4(),
        neighbours=LocalLiveness(container.settings().data_dir / "workers"),
        concurrency=concurrency,
        eager=eager,
        heartbeat_timeout=HEARTBEAT,
        grace=grace,
    )
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await task


async def enqueue(container: Container, batch_id: UUID | None = None) -> UUID:
    batch_id = batch_id or new_id()
    async with container.pool().connection() as connection, connection.transaction():
        await PgQueuerDispatcher(connection).enqueue(batch_id)
    return batch_id


async def eventually_enqueued(container: Container) -> None:
    """As a client does that got a 503."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(psycopg.OperationalError, PoolTimeout):
                await enqueue(container)
                return


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition of the recorder's, which has no event of its own to wait for."""
    async with asyncio.timeout(PATIENCE):
        for _ in iter(lambda: bool(condition()), True):
            await asyncio.to_thread(time.sleep, 0.01)


async def jobs(container: Container) -> list[dict[str, Any]]:
    async with container.pool().connection() as connection:
        cursor = await connection.execute("SELECT status::text, queue_manager_id FROM pgqueuer ORDER BY id")
        return await cursor.fetchall()


async def claims(container: Container) -> list[dict[str, Any]]:
    async with container.pool().connection() as connection:
        return await (await connection.execute("SELECT heartbeat FROM pgqueuer WHERE status = 'picked'")).fetchall()


async def until_changed(container: Container, beat: datetime) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await claims(container))[0]["heartbeat"] == beat:
            pass


async def test_what_is_enqueued_is_run_once_and_then_gone(container: Container) -> None:
    recorder = Recorder()
    async with working(container, recorder):
        batch_ids = [await enqueue(container) for _ in range(20)]
        await until(lambda: len(recorder.ended) == 20)
    assert sorted(batch_id for batch_id, _ in recorder.runs) == sorted(batch_ids)
    assert len({holder for _, holder in recorder.runs}) == 20, "every claim has a holder's name of its own"
    assert await jobs(container) == []


async def test_a_batch_is_enqueued_once_while_it_waits_or_runs(container: Container) -> None:
    batch_id = await enqueue(container)
    await enqueue(container, batch_id)
    assert len(await jobs(container)) == 1


async def test_enqueueing_is_part_of_the_transaction(container: Container) -> None:
    with pytest.raises(ZeroDivisionError):
        async with container.pool().connection() as connection, connection.transaction():
            await PgQueuerDispatcher(connection).enqueue(new_id())
            raise ZeroDivisionError
    assert await jobs(container) == []


async def test_no_more_run_at_once_than_asked_for(container: Container) -> None:
    recorder = Recorder()
    recorder.may_end.clear()
    for _ in range(5):
        await enqueue(container)
    async with working(container, recorder, concurrency=2):
        await until(lambda: len(recorder.runs) == 2)
        waiting = [job for job in await jobs(container) if job["status"] == "queued"]
        assert len(waiting) == 3
        recorder.may_end.set()
        await until(lambda: len(recorder.ended) == 5)


async def test_a_slow_batch_is_kept_however_long_it_takes(container: Container) -> None:
    slow, other = Recorder(), Recorder()
    slow.may_end.clear()
    await enqueue(container)
    async with working(container, slow, concurrency=1):  # no room: it does not take its own batch again
        await until(lambda: slow.runs)
        async with working(container, other):
            claimed = (await claims(container))[0]["heartbeat"]
            for _ in range(40):
                beat = (await claims(container))[0]["heartbeat"]
                if (beat - claimed).total_seconds() > 4 * HEARTBEAT:
                    break
                await until_changed(container, beat)
            assert other.runs == []
        slow.may_end.set()
        await until(lambda: slow.ended)


async def test_the_batch_of_a_dead_worker_is_taken_over(container: Container) -> None:
    dead, alive = uuid4(), Recorder()
    batch_id = await enqueue(container)
    async with container.pool().connection() as connection:
        await connection.execute("UPDATE pgqueuer SET status = 'picked', queue_manager_id = %s", [dead])
    async with working(container, alive):
        await until(lambda: alive.ended)
    assert [run for run, _ in alive.ended] == [batch_id]


async def test_a_worker_that_lost_its_claim_lets_go(container: Container) -> None:
    recorder = Recorder()
    recorder.may_end.clear()
    await enqueue(container)
    async with working(container, recorder):
        await until(lambda: recorder.runs)
        async with container.pool().connection() as connection:
            await connection.execute("UPDATE pgqueuer SET queue_manager_id = %s", [uuid4()])
        await until(lambda: recorder.cancelled)


async def test_a_stopped_worker_hands_back_what_it_could_not_finish(container: Container) -> None:
    recorder = Recorder()
    recorder.may_end.clear()
    batch_id = await enqueue(container)
    async with working(container, recorder):
        await until(lambda: recorder.runs)
    assert await jobs(container) == [{"status": "queued", "queue_manager_id": None}]
    assert recorder.cancelled
    recorder.may_end.set()
    async with working(container, recorder):
        await until(lambda: recorder.ended)
    assert [run for run, _ in recorder.ended] == [batch_id]


@pytest.mark.parametrize("works", [False, True], ids=["waiting", "analysing"])
async def test_the_death_of_a_worker_costs_an_attempt_of_what_it_was_analysing(
    container: Container, works: bool
) -> None:
    first, second = Recorder(), Recorder()
    first.works = works
    await enqueue(container)
    first.may_end.clear()
    async with working(container, first, concurrency=1):
        await until(lambda: first.runs)
        async with container.pool().connection() as connection:
            await connection.execute("UPDATE pgqueuer SET queue_manager_id = %s, heartbeat = 'epoch'", [uuid4()])
        async with working(container, second):
            await until(lambda: len(first.runs + second.runs) == 2)
        first.may_end.set()
    assert first.counted + second.counted == [False, works]


async def test_a_deploy_costs_no_attempt_of_what_was_being_analysed(container: Container) -> None:
    recorder = Recorder()
    recorder.works = True
    recorder.may_end.clear()
    await enqueue(container)
    async with working(container, recorder):
        await until(lambda: recorder.runs)
    recorder.may_end.set()
    async with working(container, recorder):
        await until(lambda: recorder.ended)
    assert recorder.counted == [False, False], "what was given back unharmed costs no attempt"


async def test_a_busy_worker_leaves_work_to_an_idle_one(container: Container) -> None:
    busy, idle = Recorder(), Recorder()
    busy.may_end.clear()
    await enqueue(container)
    async with working(container, busy, eager=1):
        await until(lambda: busy.runs)
        async with working(container, idle, eager=1):
            for done in range(1, 6):
                await enqueue(container)
                await until(lambda done=done: len(idle.ended) + len(busy.runs) > done)  # type: ignore[misc]
        busy.may_end.set()
    assert len(idle.ended) > len(busy.runs)


@pytest.mark.parametrize("gone", ["dead", "stopped"])
async def test_all_that_a_worker_leaves_behind_is_taken_at_once_by_a_busy_one(container: Container, gone: str) -> None:
    busy, before = Recorder(), Recorder()
    busy.may_end.clear()
    before.may_end.clear()
    many = POLLS_TOO_MANY
    async with working(container, busy, eager=1):
        await enqueue(container)
        await until(lambda: busy.runs)
        async with working(container, before, eager=many, concurrency=many):
            for _ in range(many):
                await enqueue(container)
            await until(lambda: len(before.runs) + len(busy.runs) > many)
            if gone == "dead":
                async with container.pool().connection() as connection:
                    await connection.execute("UPDATE pgqueuer SET queue_manager_id = %s", [uuid4()])
        began = time.monotonic()
        await until(lambda: len(busy.runs) > many)
        assert time.monotonic() - began < HEARTBEAT + 2 * POLL
        busy.may_end.set()


async def test_a_row_that_names_no_batch_is_taken_out_of_the_queue(container: Container) -> None:
    recorder = Recorder()
    recorder.failures = [BatchUnknown()]
    await enqueue(container)
    async with working(container, recorder):
        await until(lambda: recorder.runs)
    assert await jobs(container) == []


async def test_a_stopped_worker_gives_what_runs_its_grace(container: Container) -> None:
    recorder = Recorder()
    recorder.works = True
    recorder.may_end.clear()
    await enqueue(container)
    async with working(container, recorder, grace=PATIENCE) as worker:
        await until(lambda: recorder.runs)
        worker.stop()
        recorder.may_end.set()
    assert recorder.ended
    assert await jobs(container) == []


async def test_a_stopped_worker_begins_no_more_reports(container: Container) -> None:
    analysed: list[int] = []
    first_begun, first_may_end = asyncio.Event(), asyncio.Event()

    async def three_reports(batch_id: UUID, holder: str, lease: Lease) -> None:
        for number in range(3):
            await lease.mark_analysing()
            analysed.append(number)
            first_begun.set()
            await first_may_end.wait()

    await enqueue(container)
    async with working(container, three_reports, grace=PATIENCE) as worker:
        await first_begun.wait()
        worker.stop()
        first_may_end.set()
    assert analysed == [0]
    assert await jobs(container) == [{"status": "queued", "queue_manager_id": None}]


async def test_a_stopped_worker_hands_back_at_once_what_waits_for_its_turn(container: Container) -> None:
    at_work, waiting = Recorder(), Recorder()
    at_work.may_end.clear()
    waiting.may_end.clear()

    async def one_works(batch_id: UUID, holder: str, lease: Lease) -> None:
        if not at_work.runs:
            at_work.works = True
            await at_work(batch_id, holder, lease)
        else:
            await waiting(batch_id, holder, lease)

    await enqueue(container)
    async with working(container, one_works, grace=PATIENCE) as worker:
        await until(lambda: at_work.runs)
        await enqueue(container)
        await until(lambda: waiting.runs)
        worker.stop()
        await until(lambda: waiting.cancelled)
        assert not at_work.cancelled
        at_work.may_end.set()
    assert at_work.ended


async def test_a_batch_is_not_taken_from_a_living_worker_after_an_outage(
    container: Container, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody could renew anything meanwhile; who lives does so first, and only then is anybody dead."""
    dead_after: list[timedelta] = []
    dequeue = Queries.dequeue

    async def looked(self: Queries, *asked: Any) -> Any:
        jobs = await dequeue(self, *asked)
        dead_after.append(asked[4])
        return jobs

    monkeypatch.setattr(Queries, "dequeue", looked)
    async with working(container, Recorder()):
        await until(lambda: dead_after)
        with database_away(database):
            away = time.monotonic()
            await until(lambda: time.monotonic() - away > OUTAGE)
            before = len(dead_after)  # only now: a look that was under way when it began has ended
        await until(lambda: len(dead_after) > before)
        assert dead_after[before] == AFTER_AN_OUTAGE
        await until(lambda: dead_after[-1] == timedelta(seconds=HEARTBEAT))


async def test_a_batch_that_could_not_be_worked_off_waits_and_comes_again(container: Container) -> None:
    recorder = Recorder()
    recorder.failures = [ValueError("a bug")]
    await enqueue(container)
    async with working(container, recorder):
        await until(lambda: recorder.ended)
    assert len(recorder.runs) == 2


async def test_lost_connections_cost_nothing(container: Container, database: Database) -> None:
    recorder = Recorder()
    async with working(container, recorder):
        await enqueue(container)
        await until(lambda: len(recorder.ended) == 1)
        info = psycopg.conninfo.conninfo_to_dict(container.database_url())
        with psycopg.connect(
            container.database_url().replace("-crole=fna_batch_app", ""), autocommit=True
        ) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                [info["dbname"]],
            )
        await eventually_enqueued(container)
        await until(lambda: len(recorder.ended) == 2)


def busy_for(seconds: float) -> None:
    """Keep the event loop from everything else."""
    threading.Event().wait(seconds)


async def test_a_cancellation_that_got_lost_is_repeated() -> None:
    """As a pool of connections can lose one; a worker would never end."""

    async def deaf_once() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    task = asyncio.create_task(deaf_once())
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        await ended({task}, again=0.01)
    assert task.cancelled()


async def test_heartbeats_go_on_while_the_event_loop_is_busy(container: Container) -> None:
    slow, other = Recorder(), Recorder()
    slow.may_end.clear()
    await enqueue(container)
    async with working(container, slow):
        await until(lambda: slow.runs)
        busy_for(3 * HEARTBEAT)
        async with working(container, other):
            await until(lambda: slow.runs)
        assert other.runs == []
        slow.may_end.set()
        await until(lambda: slow.ended)


async def test_heartbeats_go_on_after_a_connection_that_stands_but_never_answers(
    container: Container, database: Database
) -> None:
    slow = Recorder()
    slow.may_end.clear()
    await enqueue(container)
    async with working(container, slow):
        await until(lambda: slow.runs)
        with psycopg.connect(database.admin_url, autocommit=True, row_factory=scalar_row) as connection:
            await until(lambda: connection.execute(BEATING).fetchone())
            stopped = connection.execute(BEATING).fetchone()
            assert stopped
            os.kill(stopped, signal.SIGSTOP)
            try:
                await until(lambda: connection.execute(BEATING).fetchone() not in (None, stopped))
            finally:
                os.kill(stopped, signal.SIGCONT)
        slow.may_end.set()
        await until(lambda: slow.ended)


async def test_the_claims_of_a_dead_neighbour_are_released_at_once(
    container: Container,
) -> None:
    dead, recorder = uuid4(), Recorder()
    folder = container.settings().data_dir / "workers"
    folder.mkdir(parents=True)
    (folder / f"{dead}.lock").touch()
    batch_id = await enqueue(container)
    async with container.pool().connection() as connection:
        await connection.execute(
            "UPDATE pgqueuer SET status = 'picked', queue_manager_id = %s, heartbeat = now() + INTERVAL '1 hour'",
            [dead],
        )
    async with working(container, recorder):
        await until(lambda: recorder.ended)
        await until(lambda: not (folder / f"{dead}.lock").exists())
    assert [run for run, _ in recorder.ended] == [batch_id]


def test_a_neighbour_that_lives_is_not_dead(tmp_path: Path) -> None:
    alive, other = LocalLiveness(tmp_path), LocalLiveness(tmp_path)
    alive.enter(uuid4())
    other.enter(uuid4())
    assert (alive.dead(), other.dead()) == ([], [])
    alive.leave()
    assert other.dead() == []
    other.leave()


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
async def test_a_row_that_no_worker_would_take_is_set_right(container: Container, change: str) -> None:
    recorder = Recorder()
    batch_id = await enqueue(container)
    async with container.pool().connection() as connection:
        await connection.execute(f"UPDATE pgqueuer SET {change}".encode())
    async with working(container, recorder) as worker:
        await worker.reconcile()
        await until(lambda: recorder.ended)
    assert [run for run, _ in recorder.ended] == [batch_id]


def test_a_file_that_is_no_workers_is_no_dead_neighbour(tmp_path: Path) -> None:
    (tmp_path / "backup.lock").touch()
    assert LocalLiveness(tmp_path).dead() == []


async def test_an_unfinished_batch_that_is_in_no_queue_is_enqueued_again(container: Container) -> None:
    (report_id,) = await uploaded_reports(container.storage(), UUID(int=1))
    asked = Submission(user_id=UUID(int=1), tier=Tier.BASIC, report_ids=(report_id,))
    accepted = await container.submit()(asked, Metadata(actor="test", correlation_id=UUID(int=2)))
    async with container.pool().connection() as connection:
        await connection.execute("DELETE FROM pgqueuer")
    recorder = Recorder()
    async with working(container, recorder):
        await until(lambda: recorder.ended)
    assert recorder.ended[0][0] == accepted.batch_id
