"""The port to the record of operator actions."""

from typing import Protocol

from application.operator_actions import OperatorAction


class Actions(Protocol):
    async def record(self, action: OperatorAction) -> None:
        """Store the action with the transaction; no later transaction can change or remove it.

        Raises ClockAhead for a clean-up up to an instant that the database's clock has not reached.
        """
        ...
