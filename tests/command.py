"""The command line as its users call it: a process, its output, its exit code."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from entrypoints.container import Database

SECRET = "a secret for the tests and for them alone, longer than any algorithm wants"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def environment(database: Database, folder: Path, **settings: str) -> dict[str, str]:
    """Of a process that works on this database, and on nothing that the tests' own environment names."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("FNA_BATCH_")}
    return own | {
        "FNA_BATCH_DATABASE_URL": database.url,
        "FNA_BATCH_JWT_SECRET": SECRET,
        "FNA_BATCH_DATA_DIR": str(folder),
        **{f"FNA_BATCH_{name.upper()}": value for name, value in settings.items()},
    }


def runner(database: Database, folder: Path) -> Run:
    """Runs `fna-batch` on a database, with a data folder; settings are given by name."""

    def run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "entrypoints.cli", *arguments]
        env = environment(database, folder, **settings)
        return subprocess.run(command, capture_output=True, text=True, env=env, timeout=90, check=False)

    return run
