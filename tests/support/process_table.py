"""The processes of an embedded database."""

import os
from pathlib import Path


def database_processes(folder: Path) -> list[tuple[int, str]]:
    """Return pid and command line of each live process of the database in this folder, but not of this process."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            cwd = os.readlink(process / "cwd")
        except OSError:
            continue
        if command and (f"{folder}" in command or cwd.startswith(str(folder))) and int(process.name) != os.getpid():
            found.append((int(process.name), command))
    return found
