"""`fna-batch` as its users call it: arguments, output, exit code."""

import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from entrypoints.cli.main import run as fna_batch
from entrypoints.container import Database

SECRET = "a secret for the tests and for them alone, longer than any algorithm wants"
UNREACHABLE = "postgresql://nobody@127.0.0.1:1/nothing"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def command_environment(database: Database, folder: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a command on this database, without settings from the tests' own environment."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("FNA_BATCH_")}
    return own | {
        "FNA_BATCH_DATABASE_URL": database.url,
        "FNA_BATCH_JWT_SECRET": SECRET,
        "FNA_BATCH_DATA_DIR": str(folder),
        **{f"FNA_BATCH_{name.upper()}": value for name, value in settings.items()},
    }


def command_runner(database: Database, folder: Path) -> Run:
    """Return a function that runs `fna-batch` as a process; settings are its keyword arguments."""

    def run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "entrypoints.cli", *arguments]
        env = command_environment(database, folder, **settings)
        return subprocess.run(command, capture_output=True, text=True, env=env, timeout=90, check=False)

    return run


def in_process_runner(database: Database, folder: Path) -> Run:
    """Return a function that runs `fna-batch` in a thread of this process, since it has an event loop of its own."""

    def run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        before, codes = (dict(os.environ), sys.argv), list[object]()
        command = threading.Thread(target=lambda: codes.append(_code()))
        out, err = _OutputOfThread(command), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        os.environ.clear()
        os.environ.update(command_environment(database, folder, **settings))
        sys.argv = ["fna-batch", *arguments]
        try:
            with redirect_stdout(out), redirect_stderr(err):
                command.start()
                command.join()
        finally:
            os.environ.clear()
            os.environ.update(before[0])
            sys.argv = before[1]
        for stream in (out, err):
            stream.seek(0)
        (code,) = codes
        return subprocess.CompletedProcess(arguments, int(str(code or 0)), out.read(), err.read())

    return run


class _OutputOfThread(io.TextIOWrapper):
    """The output of one thread. Output of other threads, such as the log of a service, goes to the real stdout."""

    def __init__(self, thread: threading.Thread) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8")
        self._thread = thread

    def write(self, text: str) -> int:
        if threading.current_thread() is self._thread or sys.__stdout__ is None:
            return super().write(text)
        return sys.__stdout__.write(text)


def _code() -> object:
    """Run the command of `sys.argv`, and return what it exits with."""
    try:
        fna_batch()
    except SystemExit as ended:
        return ended.code
    return 0
