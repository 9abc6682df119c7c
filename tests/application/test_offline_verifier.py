"""The offline verifiers of docs/: input that proves nothing, and wrong use."""

import base64
import hashlib
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from adapters.ed25519 import Ed25519Signer
from application.audit.merkle import GrowingTree
from application.audit.signed_notes import Checkpoint, public_key, sign
from application.audit.signed_notes import receipt as receipt_text
from tests.support.offline_verifier import DOCS, verify_export, verify_proof

KEY = "fna-batch+00000000+" + base64.b64encode(bytes(33)).decode()
SIGNER = Ed25519Signer("fna-batch", bytes(range(32)))
TRUSTED = [str(public_key(SIGNER))]


def verifying(*arguments: str, program: str = "verify_export") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DOCS / f"{program}.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def checkpoint_over(*entries: bytes, sealed_at: str = "now") -> str:
    tree = GrowingTree()
    for entry in entries:
        list(tree.append(entry))
    signed = Checkpoint(origin="fna-batch", size=tree.size, root=tree.root, sealed_at=sealed_at, previous=bytes(32))
    return sign(signed.text, SIGNER)


def test_a_file_that_is_not_an_export_is_refused_in_a_few_lines(tmp_path: Path) -> None:
    file = tmp_path / "other.txt"
    file.write_text("something else\n" * 1000)
    done = verifying("--key", KEY, str(file))
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) < 30
    assert "1002 found to be wrong" in done.stdout


@pytest.mark.parametrize("key", ["foo", "a+b", "a+b+Y2M="])
def test_a_malformed_key_is_wrong_use(tmp_path: Path, key: str) -> None:
    done = verifying("--key", key, str(tmp_path))
    assert (done.returncode, f"{key} is no verifier key" in done.stderr) == (2, True)


def test_a_file_that_is_not_text_is_refused_without_a_traceback(tmp_path: Path) -> None:
    file = tmp_path / "other.bin"
    event = '"batch_id": "\\ud800", "version": 1, "previous_hash": "", "recorded_at": "", "type": "", "hash": ""'
    file.write_bytes(b'{"format": "\xff"}\n{"leaf": 0, "event": {%s}}\n' % event.encode())
    done = verifying("--key", KEY, str(file))
    assert (done.returncode, done.stderr) == (1, "")
    assert "batch \\ud800 does not follow" in done.stdout


def test_a_kept_checkpoint_that_is_not_a_note_is_wrong_use(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    kept.write_text('{"note": null}')
    done = verifying("--key", KEY, "--checkpoint", str(kept), str(tmp_path))
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


def test_a_kept_checkpoint_that_no_given_key_signed_is_wrong_use(tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("fna-batch\n1\n\n\N{EM DASH} fna-batch " + base64.b64encode(bytes(68)).decode() + "\n")
    done = verifying("--key", KEY, "--checkpoint", str(kept), str(tmp_path))
    assert done.returncode == 2
    assert "signed by none of the keys given" in done.stderr


def proven(entry: bytes, *, leaf_index: int = 1, path: tuple[bytes, ...] = (b"a",)) -> str:
    """Verify a proof in a log of two entries, `a` and `b`; return what the verifier prints."""
    hashes = [hashlib.sha256(b"\x00" + each).hexdigest() for each in path]
    proof = {"leaf_index": leaf_index, "path": hashes, "checkpoint": checkpoint_over(b"a", b"b")}
    printed: str = verify_proof.proven(proof, TRUSTED, entry.hex())
    return printed


def test_a_proof_of_an_entry_proves_that_entry_alone() -> None:
    assert proven(b"b") == "it is entry 1 of the log of 2"
    with pytest.raises(ValueError, match="does not hold it"):
        proven(b"c")


@pytest.mark.parametrize(
    ("leaf_index", "path", "why"),
    [
        (0, (b"a",), "does not hold it"),
        (2, (b"a",), "no such leaf"),
        (-1, (b"a",), "no such leaf"),
        (1, (), "too short"),
        (1, (b"a", b"a"), "too long"),
    ],
)
def test_a_proof_that_leads_to_another_root_proves_nothing(leaf_index: int, path: tuple[bytes, ...], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        proven(b"b", leaf_index=leaf_index, path=path)


def exported(*, sealed_at: str) -> list[str]:
    """Return the lines of an export with one action."""
    act = {"kind": "repair"}
    text = f"fna-batch act 1\n{json.dumps(act, separators=(',', ':'))}"
    note = checkpoint_over(hashlib.sha256(text.encode()).digest(), sealed_at=sealed_at)
    lines = (
        {"format": "fna-batch export 1", "archives": []},
        {"leaf": 0, "act": act},
        {"checkpoint": note},
        {"end": 1},
    )
    return [json.dumps(line) for line in lines]


@pytest.mark.parametrize(("recorded", "missing"), [("2026-03-03T11:59:00", True), ("2026-03-03T12:01:00", False)])
def test_a_receipt_from_after_the_latest_checkpoint_may_be_missing_from_the_export(
    recorded: str, missing: bool
) -> None:
    at = datetime.fromisoformat(recorded + "Z")
    receipt = sign(receipt_text("fna-batch", "b", bytes(32), at), SIGNER)
    verifier = verify_export.Verifier(TRUSTED, receipts=[receipt])
    for line in exported(sealed_at="2026-03-03T12:00:00.000000Z"):
        verifier.take(line)
    verifier.finish()
    assert [bool(verifier.wrong), bool(verifier.later)] == [missing, not missing]


def test_an_export_without_its_first_line_is_refused() -> None:
    verifier = verify_export.Verifier(TRUSTED)
    for line in exported(sealed_at="2026-03-03T12:00:00.000000Z")[1:]:
        verifier.take(line)
    verifier.finish()
    assert any("first line" in wrong for wrong in verifier.wrong)


def test_a_checkpoint_is_not_a_receipt() -> None:
    with pytest.raises(ValueError, match="no receipt"):
        verify_proof.proven({"note": checkpoint_over(b"a"), "inclusion": None}, TRUSTED)
    with pytest.raises(ValueError, match="no receipt"):
        verify_export.Verifier(TRUSTED, receipts=[checkpoint_over(b"a")])


def test_a_proof_without_a_receipt_needs_the_entry_that_it_proves(tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    file.write_text(json.dumps({"leaf_index": 0, "path": [], "checkpoint": checkpoint_over(b"a")}))
    done = verifying("--key", TRUSTED[0], str(file), program="verify_proof")
    assert (done.returncode, "--entry" in done.stderr) == (2, True)
    done = verifying("--key", TRUSTED[0], "--entry", b"a".hex(), str(file), program="verify_proof")
    assert (done.returncode, done.stdout) == (0, "it is entry 0 of the log of 1\n")
    done = verifying("--key", KEY, "--entry", b"a".hex(), str(file), program="verify_proof")
    assert (done.returncode, done.stdout) == (1, "it proves nothing: signed by none of the keys given\n")
    file.write_text("no JSON")
    assert verifying("--key", KEY, str(file), program="verify_proof").returncode == 2
