"""The service refuses invalid requests and files, over real HTTP."""

from pytest_bdd import parsers, scenarios, then, when

from tests.features.conftest import CONTENTS
from tests.support.story import Story

scenarios("bad_input.feature")


@when(parsers.parse("the analyst submits the request body {body}"))
def submit_request_body(story: Story, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    story.answers.append(story.analyst.http.post("/v1/reports/batch", content=body, headers=headers))


@when("the analyst submits the report twice in one batch")
def submit_report_twice_in_one_batch(story: Story) -> None:
    story.submit(story.report_ids[0], story.report_ids[0])


@when(parsers.parse('the analyst submits the report with the idempotency key "{key}"'))
@when(parsers.parse('the analyst repeats the submission with the idempotency key "{key}"'))
def submit_with_idempotency_key(story: Story, key: str) -> None:
    story.submit(*story.report_ids, headers={"Idempotency-Key": key})


@when(parsers.parse("the analyst uploads {kind}"))
def try_to_upload(story: Story, kind: str) -> None:
    story.answers.append(story.analyst.upload(CONTENTS[kind]))


@then(parsers.parse('the error names the field "{name}"'))
def error_names_field(story: Story, name: str) -> None:
    assert name in [entry["field"] for entry in story.answer.json()["errors"]]


@then("both answers name the same batch")
def both_answers_name_the_same_batch(story: Story) -> None:
    first, second = story.answers[-2:]
    assert first.json() == second.json()


@then("the analyst's list contains one batch")
def list_contains_one_batch(story: Story) -> None:
    assert len(story.analyst.http.get("/v1/reports/batch").json()["batches"]) == 1
