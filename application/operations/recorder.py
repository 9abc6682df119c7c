"""Recording operator actions within the transaction that performs them."""

from collections.abc import Mapping
from typing import Any

from application.operations.ports.storage import OperatorTransaction
from application.operator_actions import ActionKind, Attribution, OperatorAction
from application.ports.clock import Clock, NewId


class Recorder:
    def __init__(self, clock: Clock, new_id: NewId) -> None:
        self._clock, self._new_id = clock, new_id

    async def __call__(
        self, tx: OperatorTransaction, kind: ActionKind, attribution: Attribution, data: Mapping[str, Any]
    ) -> OperatorAction:
        """Record an action; return it. `data` must hold ids, counts and names from the schema, never stored values."""
        action = OperatorAction(
            act_id=self._new_id(),
            kind=kind,
            actor=attribution.actor,
            reason=attribution.reason,
            data=data,
            recorded_at=self._clock(),
        )
        await tx.actions.record(action)
        return action
