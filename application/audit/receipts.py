"""Receipts: signed proof of submission, which the client keeps where nobody of ours can reach it."""

from dataclasses import dataclass
from uuid import UUID

from application.audit.batch_audit import BatchAudit
from application.audit.ports.signing import Signer
from application.audit.proofs import Inclusion, NotSealed, Proofs
from application.audit.signed_notes import receipt, sign
from application.log import RecordedEvent
from application.queries import Queries


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """`note` is what was signed; `inclusion` proves that the log holds it, once a checkpoint covers it."""

    submitted: RecordedEvent
    note: str
    inclusion: Inclusion | None


class Receipts:
    def __init__(self, queries: Queries, audit: BatchAudit, proofs: Proofs, signer: Signer) -> None:
        self._queries, self._audit, self._proofs, self._signer = queries, audit, proofs, signer

    def note(self, submitted: RecordedEvent) -> str:
        """The same event always gives the same note."""
        text = receipt(self._signer.name, submitted.batch_id, submitted.hash, submitted.recorded_at)
        return sign(text, self._signer)

    async def __call__(self, user_id: UUID, batch_id: UUID) -> Receipt:
        """Raises BatchNotFound, also for somebody else's batch, DamageFound or StorageUnavailable."""
        submitted = await self._queries.submitted(user_id, batch_id)
        await self._audit.intact(batch_id)  # nothing is signed that somebody wrote behind the log's back
        try:
            inclusion = await self._proofs.inclusion(batch_id, submitted.version)
        except NotSealed:
            inclusion = None
        return Receipt(submitted=submitted, note=self.note(submitted), inclusion=inclusion)
