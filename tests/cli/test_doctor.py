"""doctor checks the installation, and says for each problem what to do."""

import json

import pytest

from entrypoints.container import Container, Database
from tests.support.batches import finished_batch
from tests.support.command_line import UNREACHABLE, Run
from tests.support.database import execute_as_superuser
from tests.support.running_service import Service

OTHER_KEY = "07" * 32


def test_a_sound_installation_passes_every_check(run: Run) -> None:
    checked = run("doctor")
    assert checked.returncode == 0, checked.stdout
    for check in ("secret", "analyser", "database", "migrations", "privileges", "worker"):
        assert f"ok  {check}" in checked.stdout


def test_an_unreachable_database_is_named_with_its_setting(run: Run) -> None:
    checked = run("doctor", database_url=UNREACHABLE)
    assert checked.returncode == 1
    assert "BAD database" in checked.stdout
    assert "FNA_BATCH_DATABASE_URL" in checked.stdout


def test_a_missing_secret_is_named(run: Run) -> None:
    assert "BAD secret" in run("doctor", jwt_secret="").stdout


def test_a_database_without_migrations_is_named_with_the_command_to_run(run: Run, server: str) -> None:
    assert "fna-batch migrate" in run("doctor", database_url=server).stdout


def test_a_service_that_connects_as_the_owner_is_named(run: Run, database: Database) -> None:
    checks = json.loads(run("doctor", "--json", database_url=database.admin_url).stdout)
    assert [check["what"] for check in checks if check["advice"]] == ["privileges"]


def test_a_batch_that_no_worker_claims_is_named(idle: Service, run: Run) -> None:
    client = idle.client()
    client.submitted(client.uploaded())
    execute_as_superuser(idle.database, "UPDATE pgqueuer SET execute_after = now() - INTERVAL '1 minute'")
    checked = run("doctor", database_url=idle.database.url)
    assert checked.returncode == 1
    assert "BAD worker" in checked.stdout
    assert "fna-batch worker" in checked.stdout


def test_disabled_triggers_are_named(database: Database, run: Run) -> None:
    execute_as_superuser(database, "ALTER TABLE batch_events DISABLE TRIGGER ALL")
    checked = run("doctor")
    assert (checked.returncode, "BAD triggers" in checked.stdout) == (1, True), checked.stdout


async def test_events_that_no_checkpoint_has_covered_for_an_hour_are_named(
    container: Container, database: Database, run: Run
) -> None:
    await finished_batch(container)
    assert run("doctor").returncode == 0
    execute_as_superuser(database, "UPDATE batch_events SET recorded_at = recorded_at - INTERVAL '1 hour'")
    checked = run("doctor")
    assert (checked.returncode, "no checkpoint covers an event that is 36" in checked.stdout) == (1, True)


async def test_checkpoints_signed_with_an_untrusted_key_are_named(container: Container, run: Run) -> None:
    await finished_batch(container)
    assert run("audit", "checkpoint").returncode == 0
    assert "4 entries are covered by signed checkpoints" in run("doctor").stdout
    checked = run("doctor", signing_key=OTHER_KEY)
    assert (checked.returncode, "FNA_BATCH_TRUSTED_KEYS" in checked.stdout) == (1, True)
    trusted = json.dumps([run("audit", "key").stdout.strip()])
    assert run("doctor", signing_key=OTHER_KEY, trusted_keys=trusted).returncode == 0


@pytest.mark.parametrize("command", [("audit", "verify"), ("doctor",), ("migrate",)], ids=" ".join)
def test_the_password_of_the_database_is_never_printed_or_logged(run_alone: Run, command: tuple[str, ...]) -> None:
    url = "postgresql://someone:hunter2secret@127.0.0.1:1/nothing"
    done = run_alone(*command, database_url=url, log_level="DEBUG")
    assert "hunter2secret" not in done.stdout + done.stderr
