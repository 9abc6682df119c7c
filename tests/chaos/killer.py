"""The disturbances, and the killer that chooses them by a seed."""

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import psycopg

from tests.chaos.record import Disturbance, Record
from tests.chaos.service import HEARTBEAT_S, Node, ServiceUnderTest
from tests.support.process_table import processes


class Killer:
    """Disturbs the service at random. A method that disturbs returns the node that was hit, or None if none was."""

    def __init__(self, service: ServiceUnderTest, seed: int, record: Record) -> None:
        self._service, self._random, self._record = service, random.Random(seed), record

    def run(self, seconds: float, every: float) -> None:
        """Disturb the service for so many seconds, about every `every` seconds."""
        kinds: list[Callable[[], Node | None]] = [
            *[self.kill_worker] * 3,
            *[self.kill_analysis] * 2,
            *[self.kill_postgres] * 2,
            self.kill_api,
            self.cut_connections,
            self.freeze_worker,
            self.stop_worker,
            self.truncate_queue,
        ]
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._service.stopping.wait(every * self._random.uniform(0.5, 1.5)):
            kind, at = self._random.choice(kinds), datetime.now(UTC)
            with suppress(psycopg.Error, OSError):
                hit = kind()
                if hit is not None:
                    self._record.disturbances.append(Disturbance(kind.__name__, at, hit.log))

    def kill_worker(self) -> Node | None:
        return self._signal_worker(signal.SIGKILL)

    def kill_api(self) -> Node | None:
        return self._service.api if self._service.api.signal(signal.SIGKILL) else None

    def kill_analysis(self) -> Node | None:
        hit = self._random.choice(self._service.workers)
        children = hit.children()
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        return hit if children else None

    def kill_postgres(self) -> Node | None:
        for pid, command in processes(self._service.folder / "pg"):
            if "postgres -D" in command or command.startswith("postgres"):
                os.kill(pid, signal.SIGKILL)
                return self._service.api
        return None

    def cut_connections(self) -> Node | None:
        with psycopg.connect(self._service.embedded.admin_url, connect_timeout=2) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.5"
            )
        return self._service.api

    def freeze_worker(self) -> Node | None:
        """Freeze a worker, often for longer than its heartbeat timeout, so that it resumes after a takeover."""
        frozen = self._signal_worker(signal.SIGSTOP)
        if frozen is not None:
            self._service.stopping.wait(HEARTBEAT_S * self._random.uniform(0.5, 1.8))
            frozen.signal(signal.SIGCONT)
        return frozen

    def stop_worker(self) -> Node | None:
        return self._signal_worker(signal.SIGTERM)

    def truncate_queue(self) -> Node | None:
        with psycopg.connect(self._service.embedded.admin_url, connect_timeout=2) as connection:
            connection.execute("TRUNCATE pgqueuer, pgqueuer_log, pgqueuer_statistics")
        return self._service.api

    def _signal_worker(self, number: int) -> Node | None:
        hit = self._random.choice(self._service.workers)
        return hit if hit.signal(number) else None
