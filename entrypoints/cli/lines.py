"""Writing JSON Lines: whole or not at all."""

import hashlib
import json
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from entrypoints.cli.output import WrongUse


class LineFile:
    """`-` is stdout. A file appears under its name when all of it is written."""

    def __init__(self, file: Path) -> None:
        self._file, self._part = file, file.with_name(f"{file.name}.part")
        self._digest = hashlib.sha256()

    def __enter__(self) -> Self:
        """Raises WrongUse where the file is there already, or cannot be written."""
        self._out: IO[str] = sys.stdout
        if str(self._file) != "-":
            if self._file.exists():
                raise WrongUse(f"{self._file} is there already: choose another name, it may be the only copy.")
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
        """SHA-256 of what was written so far, in hex; that much is on the disk then."""
        self._out.flush()
        return self._digest.hexdigest()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._out is sys.stdout:
            return
        self._out.flush()
        os.fsync(self._out.fileno())
        self._out.close()
        if error is None:
            self._part.replace(self._file)
        else:
            self._part.unlink(missing_ok=True)
