"""Signed notes and checkpoints as C2SP publishes them, so that other tools can check them.

https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint: lines of text, an empty line, and for each signer a
line `— <name> <base64 of key hash and signature>`. Keys are Ed25519.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from application.audit.ports.signing import Signer, Verifier
from application.errors import ApplicationError
from application.log import instant

ED25519 = b"\x01"
DASH = "\N{EM DASH} "


class InvalidNote(ApplicationError, ValueError):
    """A signed note or a key that proves nothing; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A name and 32 bytes of Ed25519; written as `name+hash+base64`, the C2SP verifier key."""

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        """The key hash: the first 4 bytes of SHA-256 over name, newline, algorithm byte and key."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.key).decode()}"

    @classmethod
    def parse(cls, text: str) -> "PublicKey":
        """Parse a C2SP verifier key. Raises InvalidNote."""
        try:
            name, id_, encoded = text.strip().split("+", 2)
            kind_and_key = base64.b64decode(encoded, validate=True)
        except ValueError as wrong:
            raise InvalidNote("A verifier key reads name+hash+base64.") from wrong
        parsed = cls(name=name, key=kind_and_key[1:])
        if kind_and_key[:1] != ED25519 or len(parsed.key) != 32 or parsed.id.hex() != id_:
            raise InvalidNote("This is not an Ed25519 verifier key, or it was mistyped.")
        return parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The signed statement about the tree: its size and root, the time, and the hash of the checkpoint before.

    `previous` is 32 zero bytes for the first checkpoint.
    """

    origin: str
    size: int
    root: bytes
    sealed_at: str
    previous: bytes

    @property
    def text(self) -> str:
        lines = (
            self.origin,
            str(self.size),
            base64.b64encode(self.root).decode(),
            f"sealed {self.sealed_at}",
            f"previous {base64.b64encode(self.previous).decode()}",
        )
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Parse the text of a signed note. Raises InvalidNote."""
        try:
            origin, size, root, sealed, previous = text.splitlines()
            parsed = cls(
                origin=origin,
                size=int(size),
                root=base64.b64decode(root, validate=True),
                sealed_at=sealed.removeprefix("sealed "),
                previous=base64.b64decode(previous.removeprefix("previous "), validate=True),
            )
        except (ValueError, binascii.Error) as wrong:
            raise InvalidNote("This is not a checkpoint of FNA Batch.") from wrong
        if parsed.text != text:
            raise InvalidNote("This checkpoint is not written as FNA Batch writes them.")
        return parsed


def receipt(origin: str, batch_id: object, submitted: bytes, recorded_at: datetime) -> str:
    """Return the text that a receipt signs: the batch, the hash of its `Submitted`, and when that was recorded."""
    return f"{origin} receipt\nbatch {batch_id}\nsubmitted {submitted.hex()}\nrecorded {instant(recorded_at)}\n"


def note_hash(note: str) -> bytes:
    """Return the hash that the next checkpoint names as `previous`."""
    return hashlib.sha256(note.encode()).digest()


def sign(text: str, signer: Signer) -> str:
    """Return the signed note. `text` must end with a newline, and not with an empty line."""
    signature = base64.b64encode(public_key(signer).id + signer.sign(text.encode())).decode()
    return f"{text}\n{DASH}{signer.name} {signature}\n"


def public_key(signer: Signer) -> PublicKey:
    return PublicKey(name=signer.name, key=signer.public_key)


def opened(note: str, trusted: Sequence[PublicKey], verify: Verifier) -> str:
    """Return the text of a note that one of the trusted keys has signed.

    Raises InvalidNote if none has, or if the signature of a trusted key is wrong.
    """
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise InvalidNote("It is not a signed note.")
    text += "\n"
    signed = False
    for line in signatures.splitlines():
        name, _, encoded = line.removeprefix(DASH).partition(" ")
        try:
            signature = base64.b64decode(encoded, validate=True)
        except ValueError as wrong:
            raise InvalidNote("It is not a signed note.") from wrong
        for key in trusted:
            if (key.name, key.id) == (name, signature[:4]):
                if not verify(key.key, text.encode(), signature[4:]):
                    raise InvalidNote(f"The signature of {name} does not match.")
                signed = True
    if not signed:
        raise InvalidNote("None of the trusted keys has signed it.")
    return text


def opened_checkpoint(note: str, trusted: Sequence[PublicKey], verify: Verifier) -> Checkpoint:
    """Return the checkpoint in a note that one of the trusted keys has signed. Raises InvalidNote."""
    return Checkpoint.parse(opened(note, trusted, verify))
