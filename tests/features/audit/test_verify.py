"""Auditors detect every change that the administrator of the database makes to the log."""

import json
from pathlib import Path

from pytest_bdd import given, scenarios, then, when

from tests.features.audit.conftest import Administrator
from tests.support.auditor import Auditor
from tests.support.batches import checked_offline
from tests.support.builders import TEXT
from tests.support.command_line import Run
from tests.support.restartable_service import RestartableService
from tests.support.story import Story

scenarios("audit_verify.feature")

ROLLED_BACK = "the database was rolled back"


@given("a signed checkpoint covers the batch")
def sign_checkpoint(auditor: Auditor) -> None:
    auditor.sign_checkpoint()


@given("a batch has finished and the auditor has kept a signed checkpoint of the log", target_fixture="kept_checkpoint")
def keep_checkpoint_after_a_batch(story: Story, auditor: Auditor, tmp_path: Path) -> Path:
    story.analyst.finished(story.submit_contents(TEXT))
    kept = tmp_path / "kept.txt"
    kept.write_text(auditor.sign_checkpoint())
    return kept


@then("an independent verifier accepts an export of the log")
def independent_verifier_accepts_export(auditor: Auditor) -> None:
    assert checked_offline(auditor.export(), auditor.public_keys()) == []


@when("the administrator deletes every row of the batch")
def delete_every_row_of_batch(story: Story, administrator: Administrator) -> None:
    for table in ("batch_events", "batch_jobs", "narrative_analyses"):
        administrator.execute(f"DELETE FROM {table} WHERE batch_id = %s".encode(), [story.batch_ids[0]])


@then("the audit names the batch")
def audit_names_batch(story: Story, auditor: Auditor) -> None:
    verified = auditor.verify()
    assert (verified.returncode, f"batch {story.batch_ids[0]} version 1:" in verified.stdout) == (1, True)


@then("an independent verifier finds the batch missing from an export of the log")
def independent_verifier_finds_batch_missing(story: Story, auditor: Auditor) -> None:
    problems = checked_offline(auditor.export(), auditor.public_keys())
    assert any(story.batch_ids[0] in problem for problem in problems)


@when("the administrator restores the database to a state before the batch")
def restore_database(story: Story, administrator: Administrator, restartable_service: RestartableService) -> None:
    story.continue_at(restartable_service.start(worker=False))
    for table in ("checkpoints", "sealed_entries", "tree_nodes", "batch_events", "batch_jobs", "narrative_analyses"):
        administrator.execute(f"DELETE FROM {table}".encode())
    story.submit_contents(TEXT)


@then("the service reports that the database was rolled back and signs no new checkpoint")
def service_reports_rollback(auditor: Auditor, run: Run) -> None:
    signed = run("audit", "checkpoint")
    assert (signed.returncode, ROLLED_BACK in signed.stderr) == (1, True), signed.stderr
    verified = auditor.verify()
    assert (verified.returncode, ROLLED_BACK in verified.stdout) == (1, True), verified.stdout


@then("an auditor on another machine detects the rollback only with the kept checkpoint")
def kept_checkpoint_reveals_rollback(auditor: Auditor, kept_checkpoint: Path, tmp_path: Path) -> None:
    other_machine = {"data_dir": str(tmp_path / "other_machine"), "trusted_keys": json.dumps(auditor.public_keys())}
    assert auditor.verify(**other_machine).returncode == 0
    verified = auditor.verify("--checkpoint", str(kept_checkpoint), **other_machine)
    assert (verified.returncode, ROLLED_BACK in verified.stdout) == (1, True), verified.stdout


@when("the administrator edits the status of the report by hand")
def edit_status_of_report(administrator: Administrator) -> None:
    administrator.execute("UPDATE financial_reports SET processing_status = 'COMPLETED'")


@then("the audit names the report and the edited status")
def audit_names_report_and_status(story: Story, auditor: Auditor) -> None:
    report_id = story.seen[-1].batch["results"][0]["report_id"]
    verified = auditor.verify()
    finding = f"financial_reports.processing_status of {report_id} is COMPLETED, but the log says FAILED"
    assert (verified.returncode, finding in verified.stdout) == (1, True), verified.stdout
