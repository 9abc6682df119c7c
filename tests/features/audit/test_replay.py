"""Operators rebuild the read model from the log, and try another projector on it."""

from subprocess import CompletedProcess
from uuid import uuid4

from pytest_bdd import parsers, scenarios, then, when

from tests.features.audit.conftest import Administrator
from tests.support.auditor import Auditor
from tests.support.command_line import Run
from tests.support.restartable_service import RestartableService
from tests.support.story import Story

scenarios("audit_replay.feature")

COPIED = "user_id, status, total_reports, successful, failed, results, report_ids, processed_at, created_at, updated_at"


@when("the administrator edits, deletes and inserts rows of the read model by hand")
def edit_read_model_by_hand(story: Story, administrator: Administrator) -> None:
    edited, deleted, copied = story.batch_ids
    administrator.execute("UPDATE batch_jobs SET failed = 7, status = 'COMPLETED' WHERE batch_id = %s", [edited])
    administrator.execute("DELETE FROM batch_jobs WHERE batch_id = %s", [deleted])
    administrator.execute(
        f"INSERT INTO batch_jobs (batch_id, {COPIED}, version) "
        f"SELECT %s, {COPIED}, version FROM batch_jobs WHERE batch_id = %s".encode(),
        [uuid4(), copied],
    )


@then("the audit names every changed row and field")
def audit_names_every_changed_row_and_field(story: Story, auditor: Auditor) -> None:
    verified = auditor.verify()
    assert verified.returncode == 1
    edited, deleted, _ = story.batch_ids
    for finding in (
        f"batch {edited}: batch_jobs.status is COMPLETED, but the log says FAILED",
        f"batch {edited}: batch_jobs.failed is 7, but the log says 1",
        f"batch {deleted}: batch_jobs has no row for it",
        "batch_jobs has a row, but the log has no event",
    ):
        assert finding in verified.stdout
    over_http = auditor.get("verify", batch_id=edited).json()["findings"]
    assert [finding["batch_id"] for finding in over_http] == [edited, edited]


@when("the administrator empties the read model and the queue")
def empty_read_model_and_queue(administrator: Administrator) -> None:
    for table in ("batch_jobs", "busy_reports", "pgqueuer"):
        administrator.execute(f"TRUNCATE {table}".encode())


@when("a worker starts")
def start_worker(story: Story, restartable_service: RestartableService) -> None:
    story.continue_at(restartable_service.start(worker=True))


@then(parsers.parse('the batch finishes with status "{status}"'))
def batch_finishes_with_status(story: Story, status: str) -> None:
    assert story.analyst.finished(story.batch_ids[0])["status"] == status


@when("an operator replays the log through a projector that ignores failures", target_fixture="replay")
def replay_through_projector_that_ignores_failures(run: Run) -> "CompletedProcess[str]":
    return run("audit", "replay", "--projector", "tests.support.projectors:forgetful")


@when("an operator replays the log through the deployed projector", target_fixture="replay")
def replay_through_deployed_projector(run: Run) -> "CompletedProcess[str]":
    return run("audit", "replay", "--projector", "application.read_model:project")


@then("the replay names the batch and the field that would differ")
def replay_names_batch_and_field(story: Story, replay: "CompletedProcess[str]") -> None:
    assert replay.returncode == 1
    assert f"batch {story.batch_ids[0]}: failed is 1, would be 0" in replay.stdout


@then("the read model is unchanged")
def read_model_is_unchanged(story: Story, auditor: Auditor) -> None:
    assert story.analyst.batch(story.batch_ids[0]).json() == story.seen[-1].batch
    assert auditor.verify().returncode == 0


@then("the replay reports that no batch would differ")
def replay_reports_no_difference(replay: "CompletedProcess[str]") -> None:
    assert (replay.returncode, replay.stdout) == (0, "1 batch replayed, 0 would differ.\n")
