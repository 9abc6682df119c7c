"""The paths of an embedded database: its folders, lock files and log."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo

LONGEST_SOCKET_PATH = 107
"""In bytes; `sun_path` of unix(7) holds 108 with the terminating zero."""
SOCKET = ".s.PGSQL.5432"


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of the embedded database below `root`, and the folder of its Unix socket."""

    root: Path
    sockets: Path
    superuser: str = "postgres"

    @classmethod
    def at(cls, root: Path) -> "Layout":
        """Return the layout below `root`, an absolute path.

        If `root` is too long for a Unix socket, or contains a comma, the socket is in the temporary folder: libpq reads
        a comma as a separator between hosts.
        """
        sockets = root / "run"
        if len(os.fsencode(sockets / SOCKET)) > LONGEST_SOCKET_PATH or "," in str(sockets):
            name = hashlib.sha256(str(root).encode()).hexdigest()[:16]
            sockets = Path(tempfile.gettempdir()) / f"fna-batch-{os.getuid()}-{name}"
        return cls(root, sockets)

    @property
    def cluster(self) -> Path:
        return self.root / "cluster"

    @property
    def users_lock(self) -> Path:
        return self.root / "users.lock"

    @property
    def supervisor_lock(self) -> Path:
        return self.root / "supervisor.lock"

    @property
    def log(self) -> Path:
        return self.root / "postgres.log"

    @property
    def failure(self) -> Path:
        """The file with the error message of a supervisor that gave up; absent otherwise."""
        return self.root / "failure.txt"

    def conninfo(self, database: str, **overrides: str) -> str:
        """Return the libpq connection string of a database; `overrides` are libpq keywords."""
        parameters = {"user": self.superuser, "dbname": database, "host": str(self.sockets), "port": "5432"} | overrides
        return make_conninfo(**parameters)
