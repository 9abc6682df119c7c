"""The port to what a machine remembers of the log, where nobody who runs the database reaches it."""

from typing import Protocol


class Witness(Protocol):
    @property
    def location(self) -> str:
        """Where it remembers, for people."""
        ...

    def remembered(self) -> str | None:
        """The latest checkpoint that was sealed here, as its signed note; nothing where none was."""
        ...

    def remember(self, note: str) -> None:
        """From now on this one; it outlives this process. Raises OSError."""
        ...
