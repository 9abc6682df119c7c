"""explain names the state of a batch, its cause, what happens next, and the command to run now."""

import json
from datetime import timedelta

from domain import commands
from entrypoints.container import Container, Database
from tests.support.batches import ATTRIBUTION, finished_batch, metadata_of, started_batch, submitted_batch
from tests.support.builders import new_id
from tests.support.command_line import Run
from tests.support.database import execute_as_superuser

LEASE_ALL = "UPDATE pgqueuer SET status = 'picked', queue_manager_id = gen_random_uuid()"


async def test_a_pending_batch_waits_for_a_worker(container: Container, run: Run) -> None:
    batch_id = await submitted_batch(container)
    explained = run("explain", str(batch_id)).stdout
    assert f"Batch {batch_id} is PENDING, set by Submitted (version 1, " in explained
    assert "Reports without an outcome: 1; the next one: no attempt yet." in explained
    assert "The next free worker claims the batch" in explained
    assert "To act now: fna-batch worker" in explained


async def test_a_processing_batch_names_its_worker_and_its_deadline(
    container: Container, database: Database, run: Run
) -> None:
    batch_id = await started_batch(container)
    execute_as_superuser(database, LEASE_ALL)
    explained = run("explain", str(batch_id)).stdout
    assert "is PROCESSING, set by Started (version 2, " in explained
    assert "Worker w has held it since " in explained
    assert "attempt 1, 2 left" in explained
    assert "if its heartbeats stop, another worker takes over. By " in explained
    assert f"fna-batch redispatch {batch_id} --reason" in explained


async def test_a_processing_batch_without_heartbeats_or_queue_entry_says_so(
    container: Container, database: Database, run: Run
) -> None:
    batch_id = await started_batch(container)
    execute_as_superuser(database, LEASE_ALL, "UPDATE pgqueuer SET heartbeat = now() - INTERVAL '1 hour'")
    assert "sends no heartbeat any more" in run("explain", str(batch_id)).stdout
    execute_as_superuser(database, "DELETE FROM pgqueuer")
    assert "is not in the queue" in run("explain", str(batch_id)).stdout


async def test_a_failed_batch_can_be_retried(container: Container, run: Run) -> None:
    batch_id = await finished_batch(container)
    explained = json.loads(run("explain", str(batch_id), "--json").stdout)
    assert (explained["status"], explained["set_by"]["type"], explained["reports_left"]) == ("FAILED", "Finished", 0)
    assert explained["command"] == f"fna-batch retry {batch_id}"


async def test_a_batch_that_was_cleaned_up_can_be_retried(container: Container, run: Run) -> None:
    batch_id = await finished_batch(container)
    async for _ in container.retention().clean(timedelta(0), ATTRIBUTION):
        pass
    explained = run("explain", str(batch_id)).stdout
    assert "Retention removed its row from batch_jobs: a status request needs as_of." in explained
    assert f"To act now: fna-batch retry {batch_id}" in explained


async def test_a_batch_whose_owner_was_erased_needs_no_action(container: Container, run: Run) -> None:
    batch_id = await finished_batch(container)
    owner = (await container.batch_audit().history(batch_id)).events[0].data["user_id"]
    assert run("erase", "--user", owner, "--reason", "Article 17").returncode == 0
    explained = run("explain", str(batch_id)).stdout
    assert "its owner's data was erased" in explained
    assert "To act now" not in explained


async def test_a_batch_whose_row_was_edited_by_hand_is_to_be_rebuilt(
    container: Container, database: Database, run: Run
) -> None:
    pending, failed = await submitted_batch(container), await finished_batch(container)
    execute_as_superuser(database, "DELETE FROM pgqueuer", "UPDATE batch_jobs SET status = 'COMPLETED'")
    for batch_id, expected in ((pending, "PENDING"), (failed, "FAILED")):
        explained = run("explain", str(batch_id)).stdout
        assert f"But batch_jobs.status is COMPLETED, but the log says {expected}." in explained
        assert f"To act now: fna-batch audit rebuild --batch {batch_id}" in explained
    assert len(json.loads(run("explain", str(failed), "--json").stdout)["drift"]) == 1


async def test_a_report_whose_attempts_are_spent_is_about_to_fail(
    container: Container, database: Database, run: Run
) -> None:
    batch_id, max_attempts = await submitted_batch(container), container.settings().max_attempts
    for number in range(max_attempts):
        start = commands.Start(worker_id=f"w{number}", max_attempts=max_attempts)
        await container.handler().handle(batch_id, start, metadata_of(new_id()))
    execute_as_superuser(database, LEASE_ALL)
    assert "the next holder fails it as ANALYSIS_CRASHED" in run("explain", str(batch_id)).stdout
