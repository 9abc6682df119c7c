"""Clients prove their submissions with signed receipts."""

import shutil
from typing import Any

from pytest_bdd import scenarios, then, when

from tests.features.audit.conftest import Administrator
from tests.support.auditor import Auditor
from tests.support.batches import checked_offline
from tests.support.builders import TEXT
from tests.support.offline_verifier import verify_proof
from tests.support.restartable_service import RestartableService
from tests.support.running_service import eventually
from tests.support.story import Story

scenarios("receipts.feature")


@then("the answer to the submission carries a valid signed receipt")
def answer_carries_valid_receipt(story: Story, auditor: Auditor) -> None:
    assert checked_offline(auditor.export(), auditor.public_keys(), receipts=story.receipts) == []


@then("the analyst can download the same receipt, with a proof that the log includes the submission")
def downloaded_receipt_has_proof(story: Story, auditor: Auditor) -> None:
    def receipt_with_proof() -> dict[str, Any] | None:
        body: dict[str, Any] = story.analyst.http.get(f"/v1/reports/batch/{story.batch_ids[0]}/receipt").json()
        return body if body["inclusion"] else None

    receipt = eventually(receipt_with_proof)
    assert receipt["note"] == story.receipts[0]
    proven = verify_proof.proven(receipt, auditor.public_keys())
    assert f"the submission of batch {story.batch_ids[0]}, recorded {receipt['recorded_at']} is entry " in proven


@when("the administrator deletes every row of the batch and signs the remaining log again")
def delete_batch_and_sign_again(
    story: Story, administrator: Administrator, restartable_service: RestartableService
) -> None:
    """Restart the service after the checkpoints are gone: it signs with its own key, on its own machine."""
    story.submit_contents(TEXT)
    story.continue_at(restartable_service.start(worker=False))
    for table in ("batch_events", "batch_jobs"):
        administrator.execute(f"DELETE FROM {table} WHERE batch_id = %s".encode(), [story.batch_ids[0]])
    for table in ("sealed_entries", "checkpoints", "tree_nodes"):
        administrator.execute(f"DELETE FROM {table}".encode())
    shutil.rmtree(restartable_service.settings.data_dir / "checkpoints")


@then("the receipt proves that the batch is missing from an export of the log")
def receipt_proves_omission(story: Story, auditor: Auditor) -> None:
    lines, keys = auditor.export(), auditor.public_keys()
    assert checked_offline(lines, keys) == []
    (problem,) = checked_offline(lines, keys, receipts=story.receipts[:1])
    assert f"batch {story.batch_ids[0]} is missing" in problem


@when("the analyst requests the receipt of that batch")
def request_receipt(story: Story) -> None:
    story.answers.append(story.analyst.http.get(f"/v1/reports/batch/{story.batch_ids[0]}/receipt"))
