"""Ed25519 signatures (RFC 8032)."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from application.audit.ports.signing import Signer


class Ed25519Signer(Signer):
    """A signer with one Ed25519 key. `seed` is the 32-byte private key, `name` the key's name in signed notes."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._name, self._key = name, Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def name(self) -> str:
        return self._name

    @property
    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def ed25519_verifies(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the key made this signature of the message. A malformed key or signature gives False."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
