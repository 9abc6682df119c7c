"""The page that others check an export with: what it says where it is used wrongly."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from tests.verifier import FILE

KEY = "fna-batch+00000000+" + base64.b64encode(bytes(33)).decode()


def verifying(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(FILE), *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_what_is_no_export_is_said_in_a_few_lines(tmp_path: Path) -> None:
    file = tmp_path / "other.txt"
    file.write_text("something else\n" * 1000)
    done = verifying("--key", KEY, str(file))
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) < 30
    assert "1001 findings" in done.stdout


@pytest.mark.parametrize("key", ["foo", "a+b", "a+b+Y2M="])
def test_what_is_no_key_is_wrong_use(tmp_path: Path, key: str) -> None:
    done = verifying("--key", key, str(tmp_path))
    assert (done.returncode, f"{key} is no verifier key" in done.stderr) == (2, True)


def test_what_is_not_even_text_is_said(tmp_path: Path) -> None:
    file = tmp_path / "other.bin"
    event = '"batch_id": "\\ud800", "version": 1, "previous_hash": "", "recorded_at": "", "type": "", "hash": ""'
    file.write_bytes(b'{"format": "\xff"}\n{"leaf": 0, "event": {%s}}\n' % event.encode())
    done = verifying("--key", KEY, str(file))
    assert (done.returncode, done.stderr) == (1, "")
    assert "batch \\ud800 does not follow" in done.stdout


def test_a_kept_note_that_is_none_is_wrong_use(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    kept.write_text('{"note": null}')
    done = verifying("--key", KEY, "--checkpoint", str(kept), str(tmp_path))
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


def test_a_kept_note_that_was_not_signed_so_is_said(tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("fna-batch\n1\n\n\N{EM DASH} fna-batch " + base64.b64encode(bytes(68)).decode() + "\n")
    done = verifying("--key", KEY, "--checkpoint", str(kept), str(tmp_path))
    assert done.returncode == 2
    assert "signed by none of the keys given" in done.stderr
