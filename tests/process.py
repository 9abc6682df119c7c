"""The service as a process of its own, to be killed."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from entrypoints.container import Database
from tests.conftest import SECRET
from tests.service import eventually

URL = re.compile(r'"url": ?"(http://[^"]+)"')


class ServiceProcess:
    """`fna-batch serve` on the database given, on a port that was free; the same port again after a restart."""

    def __init__(self, database: Database, folder: Path, *more: str, **settings: str) -> None:
        self._log = folder / "serve.log"
        self._more, self._port = more, "0"
        self._environment = {
            **os.environ,
            "FNA_BATCH_DATABASE_URL": database.url,
            "FNA_BATCH_DATA_DIR": str(folder),
            "FNA_BATCH_JWT_SECRET": SECRET,
            **{f"FNA_BATCH_{name.upper()}": value for name, value in settings.items()},
        }
        self.process = self._start()
        self.url = eventually(self._url)
        self._port = self.url.rpartition(":")[2]
        self._ready()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "entrypoints.cli", "serve", "--port", self._port, *self._more]
        with self._log.open("ab") as log:
            return subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)

    def _url(self) -> str | None:
        found = URL.search(self._log.read_text())
        return found and found[1]

    def _ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self._log.read_text()
            return httpx.get(f"{self.url}/health/ready").is_success

        eventually(ready)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def start_again(self, *more: str) -> None:
        self._more = more
        self.process = self._start()
        self._ready()

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
