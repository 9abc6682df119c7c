"""Repair of the queue, so that every unfinished batch has an entry that a worker can claim."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool

from adapters.pgqueuer.dispatcher import PgQueuerDispatcher
from adapters.pgqueuer.local_liveness import LocalLiveness
from adapters.pgqueuer.timing import RECONCILE_S
from sql import query

log = structlog.get_logger()


class Reconciler:
    """The periodic repair of the queue; every worker runs one, and several may run at the same time."""

    def __init__(
        self, pool: AsyncConnectionPool[Any], liveness: LocalLiveness, *, on_release: Callable[[], None]
    ) -> None:
        self._pool, self._liveness, self._on_release = pool, liveness, on_release

    async def run(self) -> None:
        """Reconcile about every `RECONCILE_S` seconds, until cancelled."""
        while True:
            try:
                await self.reconcile()
            except psycopg.Error as error:
                log.warning("queue reconciliation failed, will retry", error=type(error).__name__)
            except Exception as error:
                log.exception("queue reconciliation failed unexpectedly, will retry", error=type(error).__name__)
            await asyncio.sleep(RECONCILE_S * random.uniform(0.5, 1.5))

    async def reconcile(self) -> None:
        """Release the leases of dead local workers, repair and add queue entries, and prune the queue's log.

        Entries that no worker would ever claim are repaired first, because they would hide that their batches are
        stuck. Calls `on_release` after leases were released. Raises psycopg.Error.
        """
        async with self._pool.connection() as connection, connection.transaction():
            if dead := self._liveness.dead_workers():
                await connection.execute(query("release_leases"), {"workers": dead})
            await connection.execute(query("repair_queue"))
            cursor = await connection.execute(query("unaccounted_batches"))
            for row in await cursor.fetchall():
                log.warning("unfinished batch has no queue entry, enqueueing it", batch_id=str(row["batch_id"]))
                await PgQueuerDispatcher(connection).enqueue(row["batch_id"])
            await connection.execute(query("prune_queue_log"))
        self._liveness.forget(dead)
        if dead:
            self._on_release()
