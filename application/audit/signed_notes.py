"""Signed notes and checkpoints as C2SP publishes them, so that others' tools can check them.

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
from application.log import instant

ED25519 = b"\x01"
DASH = "\N{EM DASH} "


class BadNote(ValueError):
    """A note that proves nothing; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A name and 32 bytes of Ed25519; written as `name+hash+base64`, the C2SP verifier key."""

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.key).decode()}"

    @classmethod
    def parse(cls, text: str) -> "PublicKey":
        """Raises BadNote."""
        try:
            name, id_, encoded = text.strip().split("+", 2)
            kind_and_key = base64.b64decode(encoded, validate=True)
        except ValueError as wrong:
            raise BadNote("A verifier key reads name+hash+base64.") from wrong
        found = cls(name=name, key=kind_and_key[1:])
        if kind_and_key[:1] != ED25519 or len(found.key) != 32 or found.id.hex() != id_:
            raise BadNote("This is no Ed25519 verifier key, or a letter of it is wrong.")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What was signed about the tree: its size and root, when, and the hash of the checkpoint before (or zeros)."""

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
        """Raises BadNote."""
        try:
            origin, size, root, sealed, previous = text.splitlines()
            found = cls(
                origin=origin,
                size=int(size),
                root=base64.b64decode(root, validate=True),
                sealed_at=sealed.removeprefix("sealed "),
                previous=base64.b64decode(previous.removeprefix("previous "), validate=True),
            )
        except (ValueError, binascii.Error) as wrong:
            raise BadNote("This is no checkpoint of FNA Batch.") from wrong
        if found.text != text:
            raise BadNote("This checkpoint is not written as FNA Batch writes them.")
        return found


def receipt(origin: str, batch_id: object, submitted: bytes, recorded_at: datetime) -> str:
    """The text that a receipt signs: which batch, the hash of its `Submitted`, and when that was recorded."""
    return f"{origin} receipt\nbatch {batch_id}\nsubmitted {submitted.hex()}\nrecorded {instant(recorded_at)}\n"


def note_hash(note: str) -> bytes:
    """What the next checkpoint names as `previous`."""
    return hashlib.sha256(note.encode()).digest()


def sign(text: str, signer: Signer) -> str:
    """`text` must end with a newline and hold no empty line at its end."""
    signature = base64.b64encode(public_key(signer).id + signer.sign(text.encode())).decode()
    return f"{text}\n{DASH}{signer.name} {signature}\n"


def public_key(signer: Signer) -> PublicKey:
    return PublicKey(name=signer.name, key=signer.public_key)


def opened(note: str, trusted: Sequence[PublicKey], verify: Verifier) -> str:
    """The text of a note that one of the trusted keys has signed.

    Raises BadNote where none has, or where a trusted key's signature does not fit.
    """
    text, found, signatures = note.rpartition("\n\n")
    if not found or not signatures.endswith("\n"):
        raise BadNote("It is no signed note.")
    text += "\n"
    signed = False
    for line in signatures.splitlines():
        name, _, encoded = line.removeprefix(DASH).partition(" ")
        try:
            signature = base64.b64decode(encoded, validate=True)
        except ValueError as wrong:
            raise BadNote("It is no signed note.") from wrong
        for key in trusted:
            if (key.name, key.id) == (name, signature[:4]):
                if not verify(key.key, text.encode(), signature[4:]):
                    raise BadNote(f"The signature of {name} does not fit.")
                signed = True
    if not signed:
        raise BadNote("It is signed by none of the keys that are trusted here.")
    return text
