"""The port to the key that signs checkpoints and receipts."""

from collections.abc import Callable
from typing import Protocol

Verifier = Callable[[bytes, bytes, bytes], bool]
"""Whether an Ed25519 public key (32 bytes), for a message, made this signature (64 bytes)."""


class Signer(Protocol):
    """An Ed25519 key with the name under which it signs."""

    @property
    def name(self) -> str: ...

    @property
    def public_key(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...
