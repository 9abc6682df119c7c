"""Where a machine keeps what belongs to one database, below `DATA_DIR`."""

import hashlib
from pathlib import Path

from entrypoints.settings import Settings


def workers_folder(settings: Settings, database_url: str) -> Path:
    """Where the workers of this machine on this database know each other."""
    return settings.data_dir.expanduser() / "workers" / _named_after(database_url)


def witness_file(settings: Settings, database_url: str) -> Path:
    """Where this machine remembers what was sealed last in this database."""
    return settings.data_dir.expanduser() / "checkpoints" / _named_after(database_url)


def _named_after(database_url: str) -> str:
    return hashlib.sha256(database_url.encode()).hexdigest()[:16]
