"""The latest checkpoint that this machine signed, kept in a file."""

import os
from pathlib import Path

from application.audit.ports.witness import Witness, WitnessUnreadable


class FileWitness(Witness):
    """A witness that stores the signed note in `file` and replaces the file atomically."""

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
        except (OSError, UnicodeDecodeError) as error:
            raise WitnessUnreadable(self.location, type(error).__name__) from error

    def remember(self, note: str) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        temporary.write_text(note, encoding="utf-8")
        temporary.replace(self._file)
