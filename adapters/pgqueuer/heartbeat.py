"""Renewing claims from a thread of its own: no analysis and no busy event loop can hold it up."""

import threading
from collections.abc import Callable, Collection
from typing import TypeVar
from uuid import UUID

import psycopg
import structlog
from psycopg.abc import PQGen

from sql import query

log = structlog.get_logger()
T = TypeVar("T")
BEATS_A_TIMEOUT = 4


class _Connection(psycopg.Connection[tuple[int]]):
    """Gives up a server that does not answer within `deadline` seconds: half-open connections never answer."""

    deadline: float | None = None

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        return super().wait(gen, interval, self.deadline if timeout is None else timeout)


class Heartbeat:
    """`held` gives the jobs to renew, `lost` is told those that are not ours any more, in the heartbeat's thread."""

    def __init__(
        self,
        database_url: str,
        worker_id: UUID,
        timeout: float,
        held: Callable[[], Collection[int]],
        lost: Callable[[Collection[int]], None],
    ) -> None:
        self._url, self._me, self._every = database_url, worker_id, timeout / BEATS_A_TIMEOUT
        self._held, self._lost = held, lost
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """The last thing that a worker does: until then its claims stay alive."""
        self._over.set()
        self._thread.join(self._every)

    def _run(self) -> None:
        connection: _Connection | None = None
        while not self._over.wait(self._every):
            held = list(self._held())
            try:
                if connection is None or connection.closed:
                    connection = _Connection.connect(
                        self._url, autocommit=True, connect_timeout=3, prepare_threshold=None
                    )
                    connection.deadline = self._every
                    bounds = {"statement": f"{self._every:.3f}s", "idle": f"{self._every:.3f}s"}
                    connection.execute(query("bound_session"), bounds)
                if not held:
                    continue
                found = connection.execute(query("heartbeat"), {"job_ids": held, "worker": self._me}).fetchall()
            except psycopg.Error as away:
                log.warning("heartbeats cannot be written, trying again", error=type(away).__name__)
                if connection is not None:
                    connection.close()
                continue
            except Exception as failure:
                log.exception("heartbeats cannot be written now", error=type(failure).__name__)
                continue
            if lost := set(held) - {job_id for (job_id,) in found}:
                self._lost(lost)
        if connection is not None:
            connection.close()
