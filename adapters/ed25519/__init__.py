"""Ed25519 signatures, made and verified with the package `cryptography`."""

from adapters.ed25519.signer import Ed25519Signer, ed25519_verifies

__all__ = ["Ed25519Signer", "ed25519_verifies"]
