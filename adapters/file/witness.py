"""The latest checkpoint that was sealed here, in a file."""

import os
from pathlib import Path

from application.audit.ports.witness import Witness


class FileWitness(Witness):
    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def location(self) -> str:
        return str(self._file)

    def remembered(self) -> str | None:
        try:
            return self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def remember(self, note: str) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        part.write_text(note, encoding="utf-8")
        part.replace(self._file)
