"""Which processes of this machine belong to an embedded database."""

import os
from pathlib import Path


def database_processes(folder: Path) -> list[tuple[int, str]]:
    """Every live process that works for the database in this folder: pid and command line."""
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
