"""Cancelling: every report without an outcome fails as CANCELLED, and the batch finishes by the usual rule."""

from uuid import UUID

from application.asker import Asker
from application.errors import BatchNotFound
from application.handler import CommandHandler, in_transaction
from application.log import Metadata
from application.ports.storage import Storage, Transaction
from application.read_model import BatchJob
from domain.commands import Cancel

NO_REASON = "no reason was given"


class CancelBatch:
    def __init__(self, storage: Storage, handler: CommandHandler) -> None:
        self._storage, self._handler = storage, handler

    async def __call__(self, batch_id: UUID, asker: Asker, metadata: Metadata) -> BatchJob:
        """Cancel the batch for the reason in `metadata`; return its final row.

        Raises BatchNotFound, also for another user's batch, BatchFinished or StorageUnavailable.
        """

        async def work(tx: Transaction) -> BatchJob:
            submitted = (await self._handler.load(tx, batch_id)).submitted
            if submitted is None or not asker.may_act_for(submitted.user_id):
                raise BatchNotFound(batch_id)
            command = Cancel(reason=metadata.reason or NO_REASON)
            return (await self._handler.append(tx, batch_id, command, metadata)).job

        return await in_transaction(self._storage.transaction, work)
