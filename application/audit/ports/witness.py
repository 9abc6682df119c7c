"""The port to a machine's memory of the log, out of reach of those who run the database."""

from typing import Protocol

from application.errors import ApplicationError


class WitnessUnreadable(ApplicationError):
    def __init__(self, location: str, why: str) -> None:
        super().__init__(
            f"The checkpoint that this machine remembers, {location}, cannot be read ({why}): make it readable."
        )


class Witness(Protocol):
    @property
    def location(self) -> str:
        """Where the memory is kept, for people."""
        ...

    def remembered(self) -> str | None:
        """Return the latest checkpoint that this machine signed, as its signed note; None before the first.

        Raises WitnessUnreadable.
        """
        ...

    def remember(self, note: str) -> None:
        """Remember this checkpoint instead, durably. Raises OSError."""
        ...
