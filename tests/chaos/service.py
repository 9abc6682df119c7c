"""The service under test: an API process and worker processes that are restarted whenever they end."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from adapters.embedded.server import EmbeddedPostgres
from entrypoints.housekeeping import FINDING_EVENT
from tests.chaos.recovery import logged_events
from tests.support.batches import checked_offline

SECRET = "the secret of a service that is about to be killed, many times over, and longer than needed"
SIGNING_KEY = "07" * 32
HEARTBEAT_S = 3.0
WORKERS = 2
PATIENCE_S = 120.0
COMMAND = (sys.executable, "-m", "entrypoints.cli")
UNFINISHED = (
    "SELECT (SELECT count(*) FROM batch_jobs WHERE status IN ('PENDING', 'PROCESSING')) "
    "+ (SELECT count(*) FROM pgqueuer)"
)


@dataclass
class Node:
    """One process of the service, with a data folder of its own."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def log(self) -> Path:
        return self.folder / "process.log"

    def ensure_running(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self.folder.mkdir(exist_ok=True)
            environment = {**self.environment, "FNA_BATCH_DATA_DIR": str(self.folder)}
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(self.command, env=environment, stdout=log, stderr=log)

    def signal(self, number: int) -> bool:
        """Send the signal, and return whether the process was running."""
        if self.process is None or self.process.poll() is not None:
            return False
        self.process.send_signal(number)
        return True

    def children(self) -> list[int]:
        if self.process is None:
            return []
        with suppress(OSError):
            pids = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
            return [int(pid) for pid in pids.split()]
        return []


class ServiceUnderTest:
    """The processes of the service on one database; `stopping` ends its restarts and every thread of the run."""

    def __init__(self, folder: Path, embedded: EmbeddedPostgres) -> None:
        self.folder, self.embedded = folder, embedded
        self.stopping = threading.Event()
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        environment = {
            **os.environ,
            "FNA_BATCH_DATABASE_URL": embedded.url,
            "FNA_BATCH_JWT_SECRET": SECRET,
            "FNA_BATCH_HEARTBEAT_TIMEOUT_S": str(HEARTBEAT_S),
            "FNA_BATCH_GRACE_S": "1",
            "FNA_BATCH_ANALYSIS_PROCESSES": "1",
            "FNA_BATCH_RATE_LIMITS": '{"Basic": 100000, "Pro": 100000, "Enterprise": 100000}',
            "FNA_BATCH_MAX_ATTEMPTS": "1000",
            "FNA_BATCH_SIGNING_KEY": SIGNING_KEY,
            "FNA_BATCH_VERIFY_EVERY_S": "5",
        }
        self._environment = {**environment, "FNA_BATCH_DATA_DIR": str(folder)}
        api = [*COMMAND, "serve", "--no-worker", "--port", str(port)]
        self.api = Node("api", api, environment, folder / "api")
        names = (f"worker-{number}" for number in range(WORKERS))
        self.workers = [Node(name, [*COMMAND, "worker"], environment, folder / name) for name in names]
        self.nodes = [self.api, *self.workers]

    def keep_running(self) -> None:
        """Restart every process that ended, until the run is stopping."""
        while not self.stopping.wait(0.2):
            for node in self.nodes:
                node.ensure_running()

    def wait_until_finished(self) -> None:
        """Keep every process running until all batches are finished; return after `PATIENCE_S` seconds in any case."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            for node in self.nodes:
                node.signal(signal.SIGCONT)
                node.ensure_running()
            with suppress(psycopg.Error, httpx.HTTPError):
                with psycopg.connect(self.embedded.admin_url, connect_timeout=2) as connection:
                    row = connection.execute(UNFINISHED).fetchone()
                if row == (0,) and httpx.get(f"{self.url}/health/ready").is_success:
                    return
            time.sleep(0.2)

    def audit_faults(self, receipts: Iterable[str]) -> list[str]:
        """Return the findings of the audit, of the offline verifier in an export, and of the workers' own samples.

        The log was not tampered with, so each finding is a fault. The offline verifier must find every receipt.
        """
        checkpoint, verified, exported = self._audit("checkpoint"), self._audit("verify"), self._audit("export", "-")
        key = self._audit("key").stdout.strip()
        findings = [line for done in (checkpoint, verified) if done.returncode for line in done.stdout.splitlines()]
        offline = checked_offline(exported.stdout.splitlines(), [key], [checkpoint.stdout], receipts)
        logged = logged_events(node.log for node in self.nodes)
        alarms = [f"a worker reported {line['kind']}" for line in logged if line.get("event") == FINDING_EVENT]
        return [*findings, *offline, *alarms]

    def _audit(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [*COMMAND, "audit", *arguments]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)

    def kill(self) -> None:
        for node in self.nodes:
            node.signal(signal.SIGKILL)
            if node.process is not None:
                node.process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
