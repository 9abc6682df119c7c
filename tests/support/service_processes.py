"""The service and its workers as processes of their own, for tests that kill them."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx

from entrypoints.container import Database
from tests.support.command_line import SECRET
from tests.support.running_service import eventually

URL = re.compile(r'"url": ?"(http://[^"]+)"')
ROOT = Path(__file__).parents[2]


class CommandProcess:
    """A running `fna-batch` with these arguments, on this database; `settings` are given by name."""

    program: Sequence[str] = ("-m", "entrypoints.cli")

    def __init__(self, database: Database, folder: Path, *arguments: str, **settings: str) -> None:
        self.log = folder / "process.log"
        self.arguments = arguments
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "FNA_BATCH_DATABASE_URL": database.url,
            "FNA_BATCH_DATA_DIR": str(folder),
            "FNA_BATCH_JWT_SECRET": SECRET,
            **{f"FNA_BATCH_{name.upper()}": value for name, value in settings.items()},
        }
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *self.program, *self.arguments], env=self._environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """Send SIGKILL, and wait for the end."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Send SIGTERM, and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def start_again(self) -> None:
        self.process = self._start()

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()

    def children(self) -> list[int]:
        """Return the pids of its direct children."""
        pids = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in pids.split()]


class ServiceProcess(CommandProcess):
    """A running `fna-batch serve`, which answers on a free port; on the same port after a restart."""

    def __init__(self, database: Database, folder: Path, *more: str, **settings: str) -> None:
        super().__init__(database, folder, "serve", "--port", "0", *more, **settings)
        self.url = eventually(self._url)
        self.arguments = ("serve", "--port", self.url.rpartition(":")[2])
        self._ready()

    def _url(self) -> str | None:
        found = URL.search(self.log.read_text())
        return found and found[1]

    def _ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            return httpx.get(f"{self.url}/health/ready").is_success

        eventually(ready)

    def start_again(self) -> None:
        super().start_again()
        self._ready()


class WorkerProcess(CommandProcess):
    """A running `fna-batch worker`; a `mortal` one dies of some reports (tests/support/mortal_worker.py)."""

    def __init__(self, database: Database, folder: Path, *, mortal: bool = False, **settings: str) -> None:
        folder.mkdir(exist_ok=True)
        if mortal:
            self.program = ("-m", "tests.support.mortal_worker")
        super().__init__(database, folder, *([] if mortal else ["worker"]), **settings)

    @property
    def ids(self) -> set[str]:
        """The worker ids of its processes, one after each start, as `Started` events name them."""
        return set(re.findall(r'"worker": "([0-9a-f-]{36})"', self.log.read_text()))
