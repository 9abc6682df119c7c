"""stats, redispatch, audit rebuild, audit acts and audit archive: commands of operators, and the record of them."""

import json
from pathlib import Path

import psycopg

from entrypoints.container import Container, Database
from tests.support.batches import finished_batch, started_batch, submitted_batch
from tests.support.command_line import Run
from tests.support.database import execute_as_superuser


async def test_stats_count_batches_by_status_and_the_queue(container: Container, run: Run) -> None:
    await submitted_batch(container)
    await finished_batch(container)
    stats = json.loads(run("stats", "--json").stdout)
    counts = (stats["pending"], stats["failed"], stats["waiting_in_queue"], stats["submitted_in_24_hours"])
    assert counts == (1, 1, 2, 2)
    assert "pending" in run("stats").stdout


async def test_redispatch_takes_the_batch_from_its_holder_and_is_recorded(
    container: Container, database: Database, run: Run
) -> None:
    batch_id = await started_batch(container)
    execute_as_superuser(database, "UPDATE pgqueuer SET status = 'picked', queue_manager_id = gen_random_uuid()")
    attribution = ("--reason", "its machine hangs", "--actor", "night.shift")
    assert run("redispatch", str(batch_id), *attribution).returncode == 0
    with psycopg.connect(database.admin_url) as connection:
        entry = "SELECT status::text, queue_manager_id FROM pgqueuer WHERE dedupe_key = %s"
        assert connection.execute(entry, [str(batch_id)]).fetchall() == [("queued", None)]
        actions = connection.execute("SELECT kind, actor, reason, data FROM audit_acts").fetchall()
    assert actions == [("redispatch", "operator:night.shift", "its machine hangs", {"batch_id": str(batch_id)})]


async def test_a_finished_batch_is_not_redispatched(container: Container, run: Run) -> None:
    batch_id = await finished_batch(container)
    refused = run("redispatch", str(batch_id), "--reason", "its machine hangs")
    assert (refused.returncode, "has finished" in refused.stderr) == (1, True)


async def test_rebuild_of_one_batch_names_the_drift_and_repairs_it(
    container: Container, database: Database, run: Run
) -> None:
    batch_id = await finished_batch(container)
    execute_as_superuser(database, "UPDATE batch_jobs SET failed = 7")
    repaired = run("audit", "rebuild", "--batch", str(batch_id), "--reason", "as the ticket says")
    assert repaired.returncode == 0
    assert "batch_jobs.failed is 7, but the log says 1\nRepaired." in repaired.stdout
    assert run("audit", "rebuild", "--batch", str(batch_id)).stdout == "Nothing had to be repaired.\n"


async def test_an_operator_action_that_does_not_match_its_hash_is_named(
    container: Container, database: Database, run: Run
) -> None:
    await finished_batch(container)
    assert run("audit", "rebuild").returncode == 0
    assert run("audit", "acts").returncode == 0
    execute_as_superuser(database, "UPDATE audit_acts SET reason = 'nothing to see'")
    listed = run("audit", "acts")
    assert (listed.returncode, "its content does not match its hash" in listed.stdout) == (1, True)


async def test_an_archive_without_batches_is_refused_and_not_recorded(
    container: Container, run: Run, tmp_path: Path
) -> None:
    await finished_batch(container)
    refused = run("audit", "archive", str(tmp_path / "x.jsonl"), "--before", "2020-01-01", "--reason", "x")
    assert (refused.returncode, "nothing to archive" in refused.stderr) == (1, True)
    assert run("audit", "acts").stdout == ""
