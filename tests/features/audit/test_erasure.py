"""Operators erase a user: personal data leaves the service, and the log still verifies."""

import pytest
from pytest_bdd import given, parsers, scenarios, then, when

from tests.features.audit.conftest import OPERATOR, Administrator
from tests.support.auditor import Auditor
from tests.support.builders import TEXT
from tests.support.command_line import Run
from tests.support.story import Story

scenarios("erasure.feature")


@given(parsers.parse('an analyst has submitted a batch of {count:d} reports that are labelled "{label}"'))
def submit_labelled_reports(story: Story, count: int, label: str) -> None:
    """Put the label wherever a client can: in the content, the form, and the headers."""
    names = [f"{label} {number}.txt" for number in range(count)]
    form = {"company": label, "fiscal_period": label[:8]}
    uploads = [story.analyst.upload(TEXT + label.encode(), name=name, **form) for name in names]
    headers = {"Idempotency-Key": label, "User-Agent": label, "X-Request-ID": label, "Traceparent": label}
    story.submit(*(upload.json()["report_id"] for upload in uploads), headers=headers)
    assert story.answer.status_code == 202, story.answer.text


@when(parsers.parse('an operator erases the analyst because "{reason}"'), target_fixture="reason")
def erase_analyst(story: Story, run: Run, reason: str) -> str:
    erased = run("erase", "--user", str(story.analyst.user_id), "--reason", reason, "--actor", OPERATOR)
    assert erased.returncode == 0, erased.stderr
    assert erased.stdout.startswith("1 batches cancelled, 1 rows and 2 reports removed.")
    return reason


@when(parsers.parse('an operator erases another analyst because "{reason}"'))
def erase_other_analyst(story: Story, run: Run, reason: str) -> None:
    assert run("erase", "--user", str(story.other_analyst.user_id), "--reason", reason).returncode == 0


@then(parsers.parse('the log shows that the batch finished with status "{status}"'))
def log_shows_final_status(story: Story, auditor: Auditor, status: str) -> None:
    assert auditor.history(story.batch_ids[0]).json()["batch"]["status"] == status


@then("the analyst's reports, analyses and batches are gone")
def data_of_analyst_is_gone(story: Story, administrator: Administrator) -> None:
    assert story.analyst.http.get("/v1/reports").json()["reports"] == []
    assert story.analyst.http.get("/v1/reports/batch").json()["batches"] == []
    assert story.analyst.batch(story.batch_ids[0]).status_code == 404
    for table in ("batch_jobs", "financial_reports", "report_chunks", "narrative_analyses", "idempotency_keys"):
        count = administrator.execute(f"SELECT count(*) AS rows FROM {table}".encode()).fetchone()
        assert count == {"rows": 0}, table


@then("neither the log nor the service's output contains the analyst's name or words of the reports")
def nothing_names_analyst(administrator: Administrator, capfd: pytest.CaptureFixture[str]) -> None:
    rows = administrator.execute(
        "SELECT data::text || metadata::text AS text FROM batch_events "
        "UNION ALL SELECT data::text || actor || reason FROM audit_acts"
    )
    written = "".join(row["text"] for row in rows) + "".join(capfd.readouterr())
    for trace in ("Jane", "Doe", "jane@example.com", ".txt", "revenue"):
        assert trace not in written
