"""Steps that several features share: analysts upload, submit and read; the service accepts or refuses."""

import re
from uuid import uuid4

import pytest
from pytest_bdd import given, parsers, then, when

from domain.tiers import Tier
from tests.support.builders import GERMAN, TEXT
from tests.support.running_service import Client, Service
from tests.support.story import Story

TABLES = b"<html><body><table><tr><td>Revenue</td><td>1,234</td><td>5,678</td></tr></table></body></html>"
CONTENTS = {
    "a report in English": TEXT,
    "a report in German": GERMAN,
    "a report that contains only tables": TABLES,
    "a truncated PDF": b"%PDF-1.7\n1 0 obj\n<< /Type /Cat",
    "a spreadsheet": b"PK\x03\x04 a zip archive",
    "an empty file": b"",
}


@pytest.fixture
def story(service: Service) -> Story:
    return Story(service)


@pytest.fixture
def service_without_worker(idle: Service) -> Service:
    return idle


@given(parsers.parse("an analyst on the {tier} tier"))
def use_analyst_on_tier(story: Story, tier: str) -> None:
    story.use_tier(Tier(tier))


@given("a client without a token")
def use_client_without_token(story: Story) -> None:
    story.analyst = Client(story.service.http(), uuid4())


@given("no worker is running")
def continue_without_worker(story: Story, service_without_worker: Service) -> None:
    story.continue_at(service_without_worker)


@given(parsers.parse("the analyst has uploaded {count:d} reports in English"))
def upload_english_reports(story: Story, count: int) -> None:
    story.report_ids += [story.analyst.uploaded() for _ in range(count)]


@given(parsers.re(f"the analyst has uploaded (?P<kind>{'|'.join(CONTENTS)})"))
def upload_report(story: Story, kind: str) -> None:
    story.report_ids.append(story.analyst.uploaded(CONTENTS[kind]))


@given(parsers.parse("an analyst has submitted a batch of {count:d} reports"))
def submit_batch_of_reports(story: Story, count: int) -> None:
    story.submit_contents(*[TEXT] * count)


@given("an analyst has submitted a batch of 1 report")
def submit_batch_of_one_report(story: Story) -> None:
    story.submit_contents(TEXT)


@given(parsers.parse("the analyst has submitted {count:d} batches of 1 report each"))
def submit_batches_of_one_report(story: Story, count: int) -> None:
    for _ in range(count):
        story.submit_contents(TEXT)


@given("another analyst has submitted a batch")
def submit_batch_of_other_analyst(story: Story) -> None:
    story.batch_ids = [story.other_analyst.submitted(story.other_analyst.uploaded())]


@when("the analyst submits the reports as a batch")
@when("the analyst submits the report as a batch")
@when("the analyst submits that report in a batch")
@when("the analyst submits the report again")
def submit_uploaded_reports(story: Story) -> None:
    story.submit(*story.report_ids)


@when("the batch finishes")
def wait_until_batch_has_finished(story: Story) -> None:
    story.analyst.finished(story.batch_ids[-1])


@then("the submission is accepted with 202 and the location of the batch")
def submission_was_accepted(story: Story) -> None:
    assert story.answer.status_code == 202, story.answer.text
    assert story.answer.headers["location"] == f"/v1/reports/batch/{story.batch_ids[-1]}"
    assert story.answer.headers["retry-after"]
    assert story.analyst.http.get(story.answer.headers["location"]).status_code == 200


@then(parsers.parse('the request is refused with {status:d} "{code}"'))
def request_was_refused(story: Story, status: int, code: str) -> None:
    problem = story.answer.json()
    assert (story.answer.status_code, problem["error_code"]) == (status, code), problem


@then(parsers.parse("the message names the limit of {limit:d}"))
def message_names_limit(story: Story, limit: int) -> None:
    assert re.search(rf"\b{limit}\b", story.answer.json()["detail"])


@then("the analyst's list of batches is empty")
def list_of_batches_is_empty(story: Story) -> None:
    assert story.analyst.http.get("/v1/reports/batch").json() == {"batches": [], "next_cursor": None}
