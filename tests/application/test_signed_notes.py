"""Signed notes: other implementations read and write the same, and a note that was changed proves nothing."""

import pytest

from adapters.ed25519 import Ed25519Signer, ed25519_verifies
from application.audit.signed_notes import Checkpoint, InvalidNote, PublicKey, opened, public_key, sign

SIGNER = Ed25519Signer("fna-batch", bytes(range(32)))
KEY = public_key(SIGNER)
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\N{EM DASH} PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
CHECKPOINT = Checkpoint(
    origin="fna-batch", size=7, root=bytes(32), sealed_at="2026-03-03T12:00:00.000000Z", previous=bytes(32)
)


def test_a_note_of_another_implementation_is_read() -> None:
    """The example of golang.org/x/mod/sumdb/note."""
    assert opened(GO_NOTE, [PublicKey.parse(GO_KEY)], ed25519_verifies).startswith("If you think")
    assert str(PublicKey.parse(GO_KEY)) == GO_KEY


def test_a_checkpoint_comes_back_as_it_was_signed() -> None:
    note = sign(CHECKPOINT.text, SIGNER)
    assert note.splitlines()[:3] == ["fna-batch", "7", "A" * 43 + "="]
    assert Checkpoint.parse(opened(note, [KEY], ed25519_verifies)) == CHECKPOINT


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda note: note.replace("\n7\n", "\n8\n"), "does not match"),
        (lambda note: note.replace("fna-batch ", "another "), "None of the trusted keys"),
        (lambda note: note.rpartition("\n\n")[0] + "\n", "not a signed note"),
        (lambda note: note[:-1], "not a signed note"),
        (lambda note: note.replace("\N{EM DASH} fna-batch ", "\N{EM DASH} fna-batch !"), "not a signed note"),
    ],
)
def test_a_note_that_was_changed_proves_nothing(change: object, why: str) -> None:
    assert callable(change)
    with pytest.raises(InvalidNote, match=why):
        opened(change(sign(CHECKPOINT.text, SIGNER)), [KEY], ed25519_verifies)


def test_a_note_of_another_key_of_the_same_name_proves_nothing() -> None:
    other = Ed25519Signer("fna-batch", bytes(32))
    with pytest.raises(InvalidNote, match="None of the trusted keys"):
        opened(sign(CHECKPOINT.text, other), [KEY], ed25519_verifies)


@pytest.mark.parametrize("text", ["", "fna-batch", GO_KEY[:-4] + "AAAA", GO_KEY.replace("c74f20a3", "c74f20a4")])
def test_a_key_that_was_mistyped_is_refused(text: str) -> None:
    with pytest.raises(InvalidNote):
        PublicKey.parse(text)


@pytest.mark.parametrize("text", ["", "a\n1\n", CHECKPOINT.text.replace("7", "07"), CHECKPOINT.text + "more\n"])
def test_a_text_that_is_not_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(InvalidNote):
        Checkpoint.parse(text)
