"""Writing JSON Lines files, whole or not at all."""

import hashlib
import json
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from entrypoints.cli.output import WrongUse


class JsonLinesFile:
    """A file that appears under its name once it is complete; `-` is stdout."""

    def __init__(self, file: Path) -> None:
        self._file, self._part = file, file.with_name(f"{file.name}.part")
        self._digest = hashlib.sha256()

    def __enter__(self) -> Self:
        """Open the file. Raises WrongUse if it exists, or cannot be written."""
        self._out: IO[str] = sys.stdout
        if str(self._file) != "-":
            if self._file.exists():
                raise WrongUse(f"{self._file} exists: choose another name, since it may be the only copy.")
            try:
                self._out = self._part.open("w", encoding="utf-8")
            except OSError as closed:
                raise WrongUse(f"{self._file} cannot be written: {closed.strerror}.") from None
        return self

    def write(self, line: dict[str, Any]) -> None:
        text = json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n"
        self._digest.update(text.encode())
        self._out.write(text)

    def digest(self) -> str:
        """Complete the file, make it durable, and return the SHA-256 of it in hex. Write nothing afterwards."""
        self._complete()
        return self._digest.hexdigest()

    def _complete(self) -> None:
        self._out.flush()
        if self._out is sys.stdout or self._out.closed:
            return
        os.fsync(self._out.fileno())
        self._out.close()
        self._part.replace(self._file)
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._out is sys.stdout or self._out.closed:
            return
        if error is None:
            self._complete()
        else:
            self._out.close()
            self._part.unlink(missing_ok=True)
