"""Files below `DATA_DIR` that belong to one database."""

import hashlib
from pathlib import Path

from entrypoints.settings import Settings


def workers_folder(settings: Settings, database_url: str) -> Path:
    """Return the folder by which this machine's workers on the database detect each other's crashes."""
    return settings.data_dir.expanduser() / "workers" / _name_of(database_url)


def witness_file(settings: Settings, database_url: str) -> Path:
    """Return the file in which this machine remembers the latest checkpoint that it signed in the database."""
    return settings.data_dir.expanduser() / "checkpoints" / _name_of(database_url)


def _name_of(database_url: str) -> str:
    return hashlib.sha256(database_url.encode()).hexdigest()[:16]
