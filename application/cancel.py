"""Cancelling: what has no outcome yet fails as CANCELLED, and the batch finishes by the usual rule."""

from uuid import UUID

from application.errors import BatchNotFound
from application.handler import CommandHandler, in_transaction
from application.log import Metadata
from application.ports.storage import Storage, Transaction
from application.read_model import BatchJob, project_all
from application.submit import Asker
from domain.commands import Cancel


class CancelBatch:
    def __init__(self, storage: Storage, handler: CommandHandler) -> None:
        self._storage, self._handler = storage, handler

    async def __call__(self, batch_id: UUID, asker: Asker, metadata: Metadata) -> BatchJob:
        """The batch as it ended; `metadata.reason` says why.

        Raises BatchNotFound, also for somebody else's batch, BatchFinished or StorageUnavailable.
        """

        async def work(tx: Transaction) -> BatchJob:
            job, _ = await self._handler.job(tx, batch_id)
            if job is None or asker.may_not_touch(job.user_id):
                raise BatchNotFound(batch_id)
            return project_all(
                await self._handler.append(tx, batch_id, Cancel(reason=metadata.reason or NO_REASON), metadata)
            )

        return await in_transaction(self._storage, work)


NO_REASON = "no reason was given"
