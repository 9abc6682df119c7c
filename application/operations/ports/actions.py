"""The port to the record of what operators did."""

from typing import Protocol

from application.operator_actions import OperatorAction


class Actions(Protocol):
    async def record(self, act: OperatorAction) -> None:
        """Stored with the transaction; never changed, never removed."""
        ...
