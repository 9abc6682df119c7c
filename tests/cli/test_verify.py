"""audit verify names each finding, ends with 1 if there is any, and says what no checkpoint covers."""

import json
from pathlib import Path

import pytest

from entrypoints.container import Container, Database
from tests.support.batches import finished_batch
from tests.support.command_line import Run
from tests.support.database import execute_as_superuser
from tests.support.running_service import Service


@pytest.fixture
def batch_id(own_service: Service) -> str:
    """A batch whose one report succeeded."""
    client = own_service.client()
    batch_id = client.submitted(client.uploaded())
    client.finished(batch_id)
    return batch_id


def test_drift_is_named_with_the_stored_and_the_expected_value(batch_id: str, run: Run, database: Database) -> None:
    execute_as_superuser(database, "UPDATE batch_jobs SET successful = 7")
    verified = run("audit", "verify", "--batch", batch_id)
    assert verified.returncode == 1
    assert f"batch {batch_id}: batch_jobs.successful is 7, but the log says 1" in verified.stdout
    findings = json.loads(run("audit", "verify", "--json").stdout)["findings"]
    assert [finding["batch_id"] for finding in findings] == [batch_id]


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        pytest.param("status = 'FAILED'", "batch_jobs.status is FAILED, but the log says COMPLETED", id="status"),
        pytest.param("results = '[]'", "batch_jobs.results is empty", id="no results"),
        pytest.param("results = '[7]'", "a row that cannot be read", id="malformed results"),
    ],
)
def test_a_row_edited_by_hand_is_named(batch_id: str, run: Run, database: Database, change: str, finding: str) -> None:
    execute_as_superuser(database, f"UPDATE batch_jobs SET {change}")
    assert finding in run("audit", "verify").stdout


@pytest.mark.parametrize(
    ("statement", "kind", "subject", "version"),
    [
        pytest.param("UPDATE batch_jobs SET status = 'FAILED'", "drift", "batch_jobs.status", None, id="status"),
        pytest.param("DELETE FROM batch_jobs", "drift", "batch_jobs", None, id="deleted row"),
        pytest.param(
            "UPDATE batch_events SET metadata = '{}' WHERE version = 4", "damage", "batch_events", 4, id="event"
        ),
    ],
)
def test_findings_as_json_have_a_kind_a_subject_and_the_ids_they_concern(
    batch_id: str, run: Run, database: Database, statement: str, kind: str, subject: str, version: int | None
) -> None:
    execute_as_superuser(database, statement)
    verified = run("audit", "verify", "--json")
    findings = json.loads(verified.stdout)["findings"]
    for finding in findings:
        assert finding.keys() == {"kind", "subject", "batch_id", "version", "checkpoint", "act_id", "problem"}
    concerned = {(each["kind"], each["subject"], each["batch_id"], each["version"]) for each in findings}
    assert (kind, subject, batch_id, version) in concerned
    assert verified.returncode == 1


async def test_verify_says_how_many_events_no_checkpoint_covers(container: Container, run: Run) -> None:
    batch_id = await finished_batch(container)
    assert "No checkpoint covers 4 events yet, the oldest recorded at " in run("audit", "verify").stdout
    assert run("audit", "checkpoint").returncode == 0
    assert "No checkpoint covers" not in run("audit", "verify").stdout
    assert run("audit", "verify", "--batch", str(batch_id)).returncode == 0


class TestKeptCheckpoint:
    async def test_a_kept_checkpoint_is_verified_as_text_or_as_json(
        self, container: Container, run: Run, tmp_path: Path
    ) -> None:
        await finished_batch(container)
        kept = tmp_path / "kept"
        for option in ((), ("--json",)):
            kept.write_text(run("audit", "checkpoint", *option).stdout)
            verified = run("audit", "verify", "--json", "--checkpoint", str(kept))
            assert verified.returncode == 0, verified.stdout
            assert json.loads(verified.stdout)["sealed"] == 4

    async def test_a_forged_checkpoint_is_a_finding(self, container: Container, run: Run, tmp_path: Path) -> None:
        await finished_batch(container)
        forged = tmp_path / "forged.txt"
        forged.write_text(run("audit", "checkpoint").stdout.replace("\n4\n", "\n3\n"))
        verified = run("audit", "verify", "--checkpoint", str(forged))
        assert (verified.returncode, "a kept checkpoint proves nothing" in verified.stdout) == (1, True)

    async def test_a_file_without_a_checkpoint_is_wrong_use(
        self, container: Container, run: Run, tmp_path: Path
    ) -> None:
        await finished_batch(container)
        file = tmp_path / "log.jsonl"
        file.write_text('{"type": "event"}\n')
        verified = run("audit", "verify", "--checkpoint", str(file))
        assert (verified.returncode, "log.jsonl does not hold a signed checkpoint" in verified.stderr) == (2, True)
