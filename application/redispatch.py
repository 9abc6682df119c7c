"""Re-dispatching: an operator takes a batch from whoever holds it and has a worker take it now."""

from uuid import UUID

from application.acting import Recorder
from application.acts import ActKind, Why
from application.audit import Audit
from application.handler import CommandHandler
from application.ports.storage import Storage
from domain.refusals import BatchFinished


class Redispatch:
    def __init__(self, storage: Storage, handler: CommandHandler, audit: Audit, record: Recorder) -> None:
        self._storage, self._handler, self._audit, self._record = storage, handler, audit, record

    async def __call__(self, batch_id: UUID, why: Why) -> None:
        """Whoever held it is refused by the log from the next start on.

        Raises UnknownToTheLog, DamagedLog, BatchFinished or StorageUnavailable.
        """
        await self._audit.intact(batch_id)
        async with self._storage.transaction() as tx:
            job, _ = await self._handler.job(tx, batch_id)
            if job is None or job.status.is_final:
                raise BatchFinished
            await tx.queue.redispatch(batch_id)
            await self._record(tx, ActKind.REDISPATCH, why, {"batch_id": str(batch_id)})
