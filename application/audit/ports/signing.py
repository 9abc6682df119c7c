"""The port to the key that signs checkpoints and receipts."""

from collections.abc import Callable
from typing import Protocol

Verifier = Callable[[bytes, bytes, bytes], bool]
"""Given an Ed25519 public key (32 bytes), a message and a signature (64 bytes), return whether the key made it."""


class Signer(Protocol):
    """An Ed25519 key and the name that it signs under."""

    @property
    def name(self) -> str: ...

    @property
    def public_key(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...
