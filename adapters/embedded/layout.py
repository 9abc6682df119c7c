"""The folders and files of an embedded database, all of them below one folder."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo

LONGEST_SOCKET_PATH = 107
SOCKET = ".s.PGSQL.5432"


@dataclass(frozen=True, slots=True)
class Layout:
    root: Path
    sockets: Path
    superuser: str = "postgres"

    @classmethod
    def at(cls, root: Path) -> "Layout":
        """`root` must be absolute. Where its path cannot hold a socket, that lies in the temporary folder."""
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
        """Why the supervisor gave up, where it did."""
        return self.root / "failure.txt"

    def conninfo(self, database: str, **more: str) -> str:
        """For libpq; any path is quoted as it wants it."""
        given = {"user": self.superuser, "dbname": database, "host": str(self.sockets), "port": "5432"} | more
        return make_conninfo(**given)
