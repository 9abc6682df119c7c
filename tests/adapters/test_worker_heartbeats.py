"""Leases that stay alive while their worker lives, however slow or disturbed it is."""

import asyncio
import os
import signal
import threading
import time
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from pgqueuer.adapters.persistence.queries import Queries
from psycopg.rows import scalar_row

from adapters.pgqueuer.lease_expiry import AGE_AFTER_OUTAGE
from entrypoints.container import Container, Database
from tests.support.queue_workers import (
    HEARTBEAT_S,
    PATIENCE_S,
    BatchRecorder,
    enqueue,
    leases,
    running_worker,
    until,
)
from tests.support.running_service import database_away

OUTAGE_S = 2.0
HEARTBEAT_BACKEND = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'UPDATE pgqueuer%heartbeat%' "
    "AND application_name <> 'fna-batch' ORDER BY query_start DESC LIMIT 1"
)
"""The server process that executed the latest heartbeat."""


async def until_renewed(container: Container, heartbeat: datetime) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (await leases(container))[0]["heartbeat"] == heartbeat:
            pass


async def test_a_slow_worker_keeps_its_batch_for_as_long_as_it_needs(container: Container) -> None:
    slow, other = BatchRecorder(), BatchRecorder()
    slow.may_end.clear()
    await enqueue(container)
    async with running_worker(container, slow, concurrency=1):  # no room: it cannot claim its own batch again
        await until(lambda: slow.runs)
        async with running_worker(container, other):
            first = (await leases(container))[0]["heartbeat"]
            for _ in range(40):
                heartbeat = (await leases(container))[0]["heartbeat"]
                if (heartbeat - first).total_seconds() > 4 * HEARTBEAT_S:
                    break
                await until_renewed(container, heartbeat)
            assert other.runs == []
        slow.may_end.set()
        await until(lambda: slow.ended)


def block_event_loop(seconds: float) -> None:
    threading.Event().wait(seconds)


async def test_heartbeats_continue_while_the_event_loop_is_blocked(container: Container) -> None:
    slow, other = BatchRecorder(), BatchRecorder()
    slow.may_end.clear()
    await enqueue(container)
    async with running_worker(container, slow):
        await until(lambda: slow.runs)
        block_event_loop(3 * HEARTBEAT_S)
        async with running_worker(container, other):
            await until(lambda: slow.runs)
        assert other.runs == []
        slow.may_end.set()
        await until(lambda: slow.ended)


async def test_heartbeats_continue_after_their_connection_stopped_answering(
    container: Container, database: Database
) -> None:
    slow = BatchRecorder()
    slow.may_end.clear()
    await enqueue(container)
    async with running_worker(container, slow):
        await until(lambda: slow.runs)
        with psycopg.connect(database.admin_url, autocommit=True, row_factory=scalar_row) as connection:
            await until(lambda: connection.execute(HEARTBEAT_BACKEND).fetchone())
            frozen = connection.execute(HEARTBEAT_BACKEND).fetchone()
            assert frozen
            os.kill(frozen, signal.SIGSTOP)
            try:
                await until(lambda: connection.execute(HEARTBEAT_BACKEND).fetchone() not in (None, frozen))
            finally:
                os.kill(frozen, signal.SIGCONT)
        slow.may_end.set()
        await until(lambda: slow.ended)


async def test_after_an_outage_live_workers_renew_their_leases_before_any_lease_expires(
    container: Container, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ages: list[timedelta] = []
    dequeue = Queries.dequeue

    async def recording_dequeue(self: Queries, *args: Any) -> Any:
        jobs = await dequeue(self, *args)
        ages.append(args[4])
        return jobs

    monkeypatch.setattr(Queries, "dequeue", recording_dequeue)
    async with running_worker(container, BatchRecorder()):
        await until(lambda: ages)
        with database_away(database):
            began = time.monotonic()
            await until(lambda: time.monotonic() - began > OUTAGE_S)
            reads_before = len(ages)  # only now: a read that was in flight when the outage began has ended
        await until(lambda: len(ages) > reads_before)
        assert ages[reads_before] == AGE_AFTER_OUTAGE
        await until(lambda: ages[-1] == timedelta(seconds=HEARTBEAT_S))
