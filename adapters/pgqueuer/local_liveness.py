"""Detection of dead workers on this machine: the kernel releases a dead worker's file lock at once."""

import fcntl
import re
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any
from uuid import UUID

WORKER_ID = re.compile("[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


class LocalLiveness:
    """A folder of lock files, one for each worker of this machine: a worker whose file is not locked is dead."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own_lock: IO[Any] | None = None

    def register(self, worker_id: UUID) -> None:
        """Lock a file for this worker. Raises OSError if the folder is not writable."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._own_lock = self._file_of(worker_id).open("a")
        fcntl.flock(self._own_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def unregister(self) -> None:
        """Remove the registered worker's file, if there is one."""
        if self._own_lock is not None:
            Path(self._own_lock.name).unlink(missing_ok=True)
            self._own_lock.close()
            self._own_lock = None

    def dead_workers(self) -> Sequence[UUID]:
        """Return the workers that died without unregistering. Files that are not named after a worker are ignored."""
        files = (file for file in self._folder.glob("*.lock") if WORKER_ID.fullmatch(file.stem))
        return [UUID(file.stem) for file in files if _is_unlocked(file)]

    def forget(self, worker_ids: Sequence[UUID]) -> None:
        """Remove the files of dead workers whose leases have been released."""
        for worker_id in worker_ids:
            self._file_of(worker_id).unlink(missing_ok=True)

    def _file_of(self, worker_id: UUID) -> Path:
        return self._folder / f"{worker_id}.lock"


def _is_unlocked(file: Path) -> bool:
    try:
        with file.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
