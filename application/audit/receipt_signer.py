"""Signing receipts: all that submitting needs of the audit."""

from application.audit.ports.signing import Signer
from application.audit.signed_notes import PublicKey, public_key, receipt, sign
from application.log import RecordedEvent


class ReceiptSigner:
    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    @property
    def public_key(self) -> PublicKey:
        """The key that signs receipts and checkpoints now."""
        return public_key(self._signer)

    def sign(self, submitted: RecordedEvent) -> str:
        """Return the signed note over a batch's first event."""
        text = receipt(self._signer.name, submitted.batch_id, submitted.hash, submitted.recorded_at)
        return sign(text, self._signer)
