"""Each tier limits the reports of a batch and the unfinished batches of an analyst, over real HTTP."""

from uuid import uuid4

from pytest_bdd import scenarios, when

from tests.support.story import Story

scenarios("tiers.feature")


@when("the analyst submits a batch that has one report more")
def submit_batch_with_one_report_more(story: Story) -> None:
    story.submit(*(str(uuid4()) for _ in range(len(story.report_ids) + 1)))
