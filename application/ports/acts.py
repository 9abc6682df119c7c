"""The port to the record of what operators did."""

from typing import Protocol

from application.acts import Act


class Acts(Protocol):
    async def record(self, act: Act) -> None:
        """Stored with the transaction; never changed, never removed."""
        ...
