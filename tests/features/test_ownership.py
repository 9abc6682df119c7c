"""Reports and batches of one user do not exist for another, over real HTTP."""

from pytest_bdd import given, scenarios, when

from tests.support.story import Story

scenarios("ownership.feature")


@given("another analyst has uploaded a report")
def upload_report_of_other_analyst(story: Story) -> None:
    story.report_ids = [story.other_analyst.uploaded()]


@when("the analyst requests that batch")
def request_batch_of_other_analyst(story: Story) -> None:
    story.answers.append(story.analyst.batch(story.batch_ids[-1]))


@when("the client requests a list of batches")
def request_list_of_batches(story: Story) -> None:
    story.answers.append(story.analyst.http.get("/v1/reports/batch"))
