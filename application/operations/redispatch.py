"""Redispatching: take a batch from its holder, so that the next free worker claims it."""

from uuid import UUID

from application.audit.batch_audit import BatchAudit
from application.handler import CommandHandler
from application.operations.ports.storage import OperatorStorage
from application.operations.recorder import Recorder
from application.operator_actions import ActionKind, Attribution
from domain.refusals import BatchFinished


class Redispatch:
    def __init__(self, storage: OperatorStorage, handler: CommandHandler, audit: BatchAudit, record: Recorder) -> None:
        self._storage, self._handler, self._audit, self._record = storage, handler, audit, record

    async def __call__(self, batch_id: UUID, attribution: Attribution) -> None:
        """Redispatch the batch. The log refuses its old holder as soon as another worker has started it.

        Raises UnknownToTheLog, DamageFound, BatchFinished or StorageUnavailable.
        """
        await self._audit.intact(batch_id)
        async with self._storage.transaction() as tx:
            stream = await self._handler.load(tx, batch_id)
            if stream.submitted is None or stream.batch.finished:
                raise BatchFinished
            await tx.queue.redispatch(batch_id)
            await self._record(tx, ActionKind.REDISPATCH, attribution, {"batch_id": str(batch_id)})
