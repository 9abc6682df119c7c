"""The port to a machine's memory of the log, out of reach of those who run the database."""

from typing import Protocol


class Witness(Protocol):
    @property
    def location(self) -> str:
        """Where the memory is kept, for people."""
        ...

    def remembered(self) -> str | None:
        """Return the latest checkpoint that this machine signed, as its signed note; null before the first."""
        ...

    def remember(self, note: str) -> None:
        """Remember this checkpoint instead, durably. Raises OSError."""
        ...
