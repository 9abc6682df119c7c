"""The contract of Witness."""

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.file import FileWitness
from adapters.memory import MemoryWitness
from application.audit.ports.witness import Witness, WitnessUnreadable

NOTE = "fna-batch\n1\nroot\n\n\N{EM DASH} fna-batch c2lnbmF0dXJl\n"
ADAPTERS: dict[str, Callable[[Path], Witness]] = {
    "memory": lambda _: MemoryWitness(),
    "file": lambda folder: FileWitness(folder / "not yet there" / "checkpoint"),
}


@pytest.fixture(params=ADAPTERS)
def witness(request: pytest.FixtureRequest, tmp_path: Path) -> Witness:
    return ADAPTERS[request.param](tmp_path)


def test_a_new_witness_remembers_nothing(witness: Witness) -> None:
    assert witness.remembered() is None


def test_a_note_is_remembered_to_the_letter(witness: Witness) -> None:
    witness.remember(NOTE)
    assert witness.remembered() == NOTE


def test_a_later_note_replaces_the_earlier(witness: Witness) -> None:
    witness.remember(NOTE)
    witness.remember("later\n")
    assert witness.remembered() == "later\n"


def test_a_witness_names_its_location(witness: Witness) -> None:
    assert witness.location


@pytest.mark.parametrize("spoil", [Path.mkdir, lambda file: file.write_bytes(b"\xff")], ids=["folder", "not UTF-8"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    spoil(tmp_path / "checkpoint")
    with pytest.raises(WitnessUnreadable, match=str(tmp_path / "checkpoint")):
        FileWitness(tmp_path / "checkpoint").remembered()
