"""A machine's memory of the log, for as long as the process lives."""

from application.audit.ports.witness import Witness


class MemoryWitness(Witness):
    def __init__(self) -> None:
        self._note: str | None = None

    @property
    def location(self) -> str:
        return "the memory of this process"

    def remembered(self) -> str | None:
        return self._note

    def remember(self, note: str) -> None:
        self._note = note
