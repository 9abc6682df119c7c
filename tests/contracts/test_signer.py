"""The contracts of Signer and Verifier."""

from dataclasses import dataclass

import pytest

from adapters.ed25519 import Ed25519Signer, ed25519_verifies
from application.audit.ports.signing import Signer, Verifier

SEED, OTHER_SEED = bytes(range(32)), bytes(32)
MESSAGE = b"fna-batch\n1\nroot\n"


@dataclass(frozen=True)
class Vector:
    """One of the test vectors of RFC 8032, section 7.1, in hex."""

    seed: str
    public_key: str
    message: str
    signature: str


VECTORS = (
    Vector(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2465"
        "5141438e7a100b",
    ),
    Vector(
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb0"
        "0d291612bb0c00",
    ),
    Vector(
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc0"
        "27beceea1ec40a",
    ),
)


def signer_of(seed: bytes) -> Signer:
    return Ed25519Signer("fna-batch", seed)


@pytest.fixture
def signer() -> Signer:
    return signer_of(SEED)


@pytest.fixture
def verify() -> Verifier:
    return ed25519_verifies


@pytest.mark.parametrize("vector", VECTORS)
def test_keys_and_signatures_are_those_of_the_published_vectors(vector: Vector, verify: Verifier) -> None:
    signer, message = signer_of(bytes.fromhex(vector.seed)), bytes.fromhex(vector.message)
    assert signer.public_key.hex() == vector.public_key
    assert signer.sign(message).hex() == vector.signature
    assert verify(bytes.fromhex(vector.public_key), message, bytes.fromhex(vector.signature))


def test_a_signer_has_a_name(signer: Signer) -> None:
    assert signer.name == "fna-batch"


def test_the_same_message_always_has_the_same_signature(signer: Signer) -> None:
    assert signer.sign(MESSAGE) == signer.sign(MESSAGE) == signer_of(SEED).sign(MESSAGE)


def test_a_signature_holds_for_its_key_and_message_alone(signer: Signer, verify: Verifier) -> None:
    signature = signer.sign(MESSAGE)
    assert verify(signer.public_key, MESSAGE, signature)
    assert not verify(signer_of(OTHER_SEED).public_key, MESSAGE, signature)
    assert not verify(signer.public_key, MESSAGE + b"\n", signature)


@pytest.mark.parametrize("position", [0, 31, 32, 63])
def test_a_signature_with_one_bit_changed_is_refused(signer: Signer, verify: Verifier, position: int) -> None:
    signature = bytearray(signer.sign(MESSAGE))
    signature[position] ^= 1
    assert not verify(signer.public_key, MESSAGE, bytes(signature))


@pytest.mark.parametrize("size", [0, 1, 63, 65])
def test_a_signature_of_another_length_is_refused_without_an_error(signer: Signer, verify: Verifier, size: int) -> None:
    assert not verify(signer.public_key, MESSAGE, bytes(size))


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33), b"\xff" * 32])
def test_a_malformed_key_is_refused_without_an_error(signer: Signer, verify: Verifier, key: bytes) -> None:
    assert not verify(key, MESSAGE, signer.sign(MESSAGE))
