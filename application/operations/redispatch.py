"""Re-dispatching: an operator takes a batch from whoever holds it and has a worker take it now."""

from uuid import UUID

from application.audit.batch_audit import BatchAudit
from application.handler import CommandHandler
from application.operations.recorder import Recorder
from application.operator_actions import ActionKind, Attribution
from application.ports.storage import Storage
from domain.refusals import BatchFinished


class Redispatch:
    def __init__(self, storage: Storage, handler: CommandHandler, audit: BatchAudit, record: Recorder) -> None:
        self._storage, self._handler, self._audit, self._record = storage, handler, audit, record

    async def __call__(self, batch_id: UUID, why: Attribution) -> None:
        """Whoever held it is refused by the log from the next start on.

        Raises UnknownToTheLog, DamageFound, BatchFinished or StorageUnavailable.
        """
        await self._audit.intact(batch_id)
        async with self._storage.transaction() as tx:
            job, _ = await self._handler.job(tx, batch_id)
            if job is None or job.status.is_final:
                raise BatchFinished
            await tx.queue.redispatch(batch_id)
            await self._record(tx, ActionKind.REDISPATCH, why, {"batch_id": str(batch_id)})
