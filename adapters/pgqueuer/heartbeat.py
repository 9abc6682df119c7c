"""Renewal of a worker's leases, in a thread of its own: neither analyses nor a busy event loop can delay it."""

import threading
from collections.abc import Callable, Collection
from typing import TypeVar
from uuid import UUID

import psycopg
import structlog
from psycopg.abc import PQGen

from adapters.pgqueuer.timing import HEARTBEATS_PER_TIMEOUT
from sql import query

log = structlog.get_logger()
T = TypeVar("T")


class _Connection(psycopg.Connection[tuple[int]]):
    """A connection that fails if the server does not answer within `deadline` seconds: a half-open one never does."""

    deadline: float | None = None

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        return super().wait(gen, interval, self.deadline if timeout is None else timeout)


class Heartbeat:
    """The thread that renews the leases on the queue entries that `held` returns, and passes lost ones to `on_lost`.

    The thread calls both itself. `timeout` is in seconds.
    """

    def __init__(
        self,
        database_url: str,
        worker_id: UUID,
        timeout: float,
        *,
        held: Callable[[], Collection[int]],
        on_lost: Callable[[Collection[int]], None],
    ) -> None:
        self._url, self._worker_id, self._interval = database_url, worker_id, timeout / HEARTBEATS_PER_TIMEOUT
        self._held, self._on_lost = held, on_lost
        self._stopped = threading.Event()
        self._connection: _Connection | None = None
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop renewing. A worker does this last, so that its leases stay valid until it has handed them back."""
        self._stopped.set()
        self._thread.join(self._interval)

    def _run(self) -> None:
        while not self._stopped.wait(self._interval):
            held = set(self._held())
            if lost := held - self._renew(held):
                self._on_lost(lost)
        self._disconnect()

    def _renew(self, held: set[int]) -> set[int]:
        """Return the entries that this worker still holds: all of them if the database fails, as none is known lost."""
        try:
            connection = self._connected()
            if not held:
                return held
            values = {"job_ids": list(held), "worker": self._worker_id}
            return {entry_id for (entry_id,) in connection.execute(query("renew_leases"), values)}
        except psycopg.Error as error:
            log.warning("heartbeat failed, will retry", error=type(error).__name__)
            self._disconnect()
        except Exception as error:
            log.exception("heartbeat failed unexpectedly, will retry", error=type(error).__name__)
        return held

    def _connected(self) -> _Connection:
        if self._connection is None or self._connection.closed:
            self._connection = _Connection.connect(
                self._url, autocommit=True, connect_timeout=3, prepare_threshold=None
            )
            self._connection.deadline = self._interval
            bounds = {"statement": f"{self._interval:.3f}s", "idle": f"{self._interval:.3f}s"}
            self._connection.execute(query("bound_session"), bounds)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
