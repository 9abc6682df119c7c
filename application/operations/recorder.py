"""Recording what operators and workers do, within the transaction that does it."""

from collections.abc import Mapping
from typing import Any

from application.operator_actions import ActionKind, Attribution, OperatorAction
from application.ports.clock import Clock, NewId
from application.ports.storage import Transaction


class Recorder:
    def __init__(self, clock: Clock, new_id: NewId) -> None:
        self._clock, self._new_id = clock, new_id

    async def __call__(
        self, tx: Transaction, kind: ActionKind, why: Attribution, data: Mapping[str, Any]
    ) -> OperatorAction:
        act = OperatorAction(
            act_id=self._new_id(),
            kind=kind,
            actor=why.actor,
            reason=why.reason,
            data=data,
            recorded_at=self._clock(),
        )
        await tx.acts.record(act)
        return act
