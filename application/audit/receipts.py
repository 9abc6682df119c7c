"""Receipts: signed proof of submission, which the client keeps out of reach of those who run the service."""

from dataclasses import dataclass
from uuid import UUID

from application.audit.batch_audit import BatchAudit
from application.audit.proofs import Inclusion, NotSealed, Proofs
from application.audit.receipt_signer import ReceiptSigner
from application.log import RecordedEvent
from application.queries import Queries


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The signed `note`, and the proof that the log includes the submission; None until a checkpoint covers it."""

    submitted: RecordedEvent
    note: str
    inclusion: Inclusion | None


class Receipts:
    def __init__(self, queries: Queries, audit: BatchAudit, proofs: Proofs, signer: ReceiptSigner) -> None:
        self._queries, self._audit, self._proofs, self._signer = queries, audit, proofs, signer

    async def __call__(self, user_id: UUID, batch_id: UUID) -> Receipt:
        """Return the receipt of a batch; the same batch always gives the same note.

        Raises BatchNotFound, also for another user's batch, DamageFound or StorageUnavailable.
        """
        submitted = await self._queries.submitted(user_id, batch_id)
        await self._audit.intact(batch_id)  # never sign an event that was changed behind the service's back
        try:
            inclusion = await self._proofs.inclusion(batch_id, submitted.version)
        except NotSealed:
            inclusion = None
        return Receipt(submitted=submitted, note=self._signer.sign(submitted), inclusion=inclusion)
