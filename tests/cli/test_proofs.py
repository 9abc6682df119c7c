"""audit checkpoint, key, prove and export: their outputs verify with the independent verifiers of docs/."""

import json
from pathlib import Path

from entrypoints.container import Container
from tests.support.batches import checked_offline, finished_batch
from tests.support.command_line import Run
from tests.support.offline_verifier import verify_proof


def test_an_empty_log_has_no_checkpoint(run: Run) -> None:
    assert run("audit", "checkpoint").stderr.startswith("fna-batch: The log is empty")


async def test_a_checkpoint_as_json_has_the_public_key(container: Container, run: Run) -> None:
    await finished_batch(container)
    note = run("audit", "checkpoint").stdout
    key = run("audit", "key").stdout.strip()
    assert json.loads(run("audit", "checkpoint", "--json").stdout) == {"note": note, "public_key": key}


async def test_the_log_is_proven_to_include_an_event(container: Container, run: Run) -> None:
    batch_id = str(await finished_batch(container))
    checkpoint = run("audit", "checkpoint").stdout
    proof = json.loads(run("audit", "prove", batch_id, "--version", "2").stdout)
    assert (proof["leaf_index"], proof["checkpoint"]) == (1, checkpoint)
    event_hash = json.loads(run("audit", "history", batch_id, "--json").stdout)["events"][1]["hash"]
    key = run("audit", "key").stdout.strip()
    assert verify_proof.proven(proof, [key], event_hash) == "it is entry 1 of the log of 4"


async def test_the_log_is_proven_to_have_only_grown_since_a_checkpoint(container: Container, run: Run) -> None:
    await finished_batch(container)
    older = run("audit", "checkpoint").stdout
    await finished_batch(container)
    assert run("audit", "checkpoint").returncode == 0
    proof = json.loads(run("audit", "prove", "--since", "4").stdout)
    assert proof["old"] == older
    key = run("audit", "key").stdout.strip()
    assert verify_proof.proven(proof, [key]) == "the log of 8 entries begins with that of 4"


async def test_an_export_verifies_offline_with_a_kept_checkpoint(
    container: Container, run: Run, tmp_path: Path
) -> None:
    await finished_batch(container)
    kept = run("audit", "checkpoint").stdout
    await finished_batch(container)
    assert run("audit", "checkpoint").returncode == 0
    file = tmp_path / "log.jsonl"
    exported = run("audit", "export", str(file))
    assert (exported.returncode, "8 entries written" in exported.stderr) == (0, True)
    key = run("audit", "key").stdout.strip()
    assert checked_offline(file.read_text().splitlines(), [key], [kept]) == []
    assert not (tmp_path / "log.jsonl.part").exists()


async def test_an_export_overwrites_no_file_and_makes_no_folder(container: Container, run: Run, tmp_path: Path) -> None:
    await finished_batch(container)
    assert run("audit", "checkpoint").returncode == 0
    file = tmp_path / "log.jsonl"
    file.write_text("kept")
    assert "log.jsonl exists" in run("audit", "export", str(file)).stderr
    assert file.read_text() == "kept"
    assert run("audit", "export", str(tmp_path / "no" / "folder")).returncode == 2
