"""Which workers of this machine have died: told by the kernel, at once, where a heartbeat would take its timeout."""

import fcntl
import re
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any
from uuid import UUID

NAME = re.compile("[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


class LocalLiveness:
    """Each worker holds a lock on a file of its own name in `folder`; whose lock is free is dead."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own: IO[Any] | None = None

    def enter(self, worker_id: UUID) -> None:
        """Raises OSError where the folder cannot be written."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._own = (self._folder / f"{worker_id}.lock").open("a")
        fcntl.flock(self._own, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def leave(self) -> None:
        if self._own is not None:
            Path(self._own.name).unlink(missing_ok=True)
            self._own.close()
            self._own = None

    def dead(self) -> Sequence[UUID]:
        """Files that bear no worker's name are none of ours."""
        files = (file for file in self._folder.glob("*.lock") if NAME.fullmatch(file.stem))
        return [UUID(file.stem) for file in files if _is_free(file)]

    def bury(self, worker_ids: Sequence[UUID]) -> None:
        """Forget them: their claims have been released."""
        for worker_id in worker_ids:
            (self._folder / f"{worker_id}.lock").unlink(missing_ok=True)


def _is_free(file: Path) -> bool:
    try:
        with file.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
