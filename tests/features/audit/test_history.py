"""Auditors and analysts read a batch as of any instant, over real HTTP and at the command line."""

import json
from datetime import datetime, timedelta
from subprocess import CompletedProcess
from typing import Any, NamedTuple

from dependency_injector import providers
from pytest_bdd import parsers, scenarios, then, when

from entrypoints.edges import utc_now
from tests.features.audit.conftest import OPERATOR, REASON
from tests.support.auditor import Auditor
from tests.support.command_line import Run
from tests.support.story import Story

scenarios("audit_history.feature")

Events = list[dict[str, Any]]


class ListedAsOf(NamedTuple):
    instant: str
    batches: list[dict[str, Any]]


def run_as_analyst(story: Story, run: Run, *arguments: str) -> "CompletedProcess[str]":
    """Run a command that speaks HTTP to the service, with the token of the analyst."""
    token = story.analyst.http.headers["authorization"].removeprefix("Bearer ")
    return run(*arguments, "--url", story.service.url, "--token", token)


@when("the auditor requests the history of the batch", target_fixture="events")
def request_history(story: Story, auditor: Auditor) -> Events:
    events: Events = auditor.history(story.batch_ids[0]).json()["events"]
    return events


@then("every event shows its time, its actor and its correlation id")
def every_event_shows_its_metadata(events: Events) -> None:
    assert [event["type"] for event in events][::4] == ["Submitted", "Finished"]
    assert all(datetime.fromisoformat(event["recorded_at"]) for event in events)
    assert {event["metadata"]["actor"].partition(":")[0] for event in events} == {"user", "worker"}
    assert all(event["metadata"]["correlation_id"] for event in events)


@then("the batch as of any instant is what the analyst saw at that instant")
def batch_as_of_any_instant_is_what_analyst_saw(story: Story, auditor: Auditor, events: Events) -> None:
    after_each_event = [
        auditor.history(story.batch_ids[0], as_of=event["recorded_at"]).json()["batch"] for event in events
    ]
    assert len(story.seen) > 1
    for batch, seen_at in story.seen:
        assert batch in after_each_event
        then = auditor.history(story.batch_ids[0], as_of=seen_at.isoformat()).json()["batch"]
        assert after_each_event.index(then) >= after_each_event.index(batch), "seen_at is later than the answer"
    assert after_each_event[-1] == story.seen[-1].batch


@then("the command line shows the same history")
def command_line_shows_same_history(story: Story, auditor: Auditor, run: Run, events: Events) -> None:
    instant = events[2]["recorded_at"]
    shown = run("audit", "history", story.batch_ids[0], "--as-of", instant.removesuffix("Z"), "--json")
    history = json.loads(shown.stdout)
    assert history["batch"] == auditor.history(story.batch_ids[0], as_of=instant).json()["batch"]
    assert history["events"] == events[:3]


@then("the batch does not exist as of any instant before its submission")
def batch_does_not_exist_before_submission(story: Story, auditor: Auditor, run: Run, events: Events) -> None:
    submitted_at = datetime.fromisoformat(events[0]["recorded_at"])
    before = (submitted_at - timedelta(microseconds=1)).isoformat()
    assert auditor.history(story.batch_ids[0], as_of=before).status_code == 404
    shown = run("audit", "history", story.batch_ids[0], "--as-of", before)
    assert (shown.returncode, "at that instant" in shown.stderr) == (1, True)


@when("the auditor lists the analyst's batches as of the second submission", target_fixture="listed")
def list_batches_as_of_second_submission(story: Story, auditor: Auditor) -> ListedAsOf:
    instant = auditor.history(story.batch_ids[1]).json()["events"][0]["recorded_at"]
    params = {"user_id": str(story.analyst.user_id), "as_of": instant, "limit": 1}
    first_page = auditor.get("batches", **params).json()
    second_page = auditor.get("batches", **params, cursor=first_page["next_cursor"]).json()
    return ListedAsOf(instant, first_page["batches"] + second_page["batches"])


@then("the list contains the first two batches, newest first")
def list_contains_first_two_batches(story: Story, listed: ListedAsOf) -> None:
    assert [batch["batch_id"] for batch in listed.batches] == story.batch_ids[1::-1]
    assert [batch["status"] for batch in listed.batches] == ["PENDING", "COMPLETED"]


@then("the analyst's own list as of that instant is the same")
def own_list_is_the_same(story: Story, listed: ListedAsOf) -> None:
    def own_list(**params: str) -> list[dict[str, Any]]:
        answer = story.analyst.http.get("/v1/reports/batch", params={"as_of": listed.instant, **params})
        batches: list[dict[str, Any]] = answer.json()["batches"]
        return batches

    assert own_list() == listed.batches
    assert own_list(status="COMPLETED") == listed.batches[1:]


@when("an operator cleans up all finished batches", target_fixture="reason")
def clean_up_finished_batches(run: Run) -> str:
    planned = run("cleanup", "--older-than", "0d", "--dry-run", "--json")
    assert json.loads(planned.stdout) == {"batches": 1, "dry_run": True}
    cleaned = run("cleanup", "--older-than", "0d", "--reason", REASON, "--actor", OPERATOR, "--json")
    assert json.loads(cleaned.stdout)["batches"] == 1
    return REASON


@then("the auditor can still read the history of the batch")
def auditor_can_still_read_history(story: Story, auditor: Auditor) -> None:
    assert auditor.history(story.batch_ids[0]).json()["batch"] == story.seen[-1].batch


@when(parsers.parse('the analyst cancels the batch because "{reason}"'))
def cancel_batch(story: Story, run: Run, reason: str) -> None:
    cancelled = run_as_analyst(story, run, "cancel", story.batch_ids[0], "--reason", reason, "--json")
    assert cancelled.returncode == 0, cancelled.stderr


@then(parsers.parse('the batch has status "{status}" and {count:d} cancelled reports'))
def batch_has_status_and_cancelled_reports(story: Story, status: str, count: int) -> None:
    body = story.analyst.batch(story.batch_ids[0]).json()
    assert (body["status"], body["failed"]) == (status, count)
    assert all(result["errors"][0].startswith("CANCELLED") for result in body["results"])


@then("the batch cannot be cancelled again")
def batch_cannot_be_cancelled_again(story: Story) -> None:
    assert story.analyst.http.post(f"/v1/reports/batch/{story.batch_ids[0]}/cancel").status_code == 409


@then(parsers.parse('the history names the analyst and the reason "{reason}"'))
def history_names_analyst_and_reason(story: Story, auditor: Auditor, reason: str) -> None:
    last = auditor.history(story.batch_ids[0]).json()["events"][-1]
    assert last["data"]["reason"] == last["metadata"]["reason"] == reason
    assert last["metadata"]["actor"] == f"user:{story.analyst.user_id}"


@then("the analyst can retry it as a new batch that is linked to the cancelled one")
def analyst_can_retry(story: Story, auditor: Auditor, run: Run) -> None:
    retried = run_as_analyst(story, run, "retry", story.batch_ids[0])
    assert retried.returncode == 0, retried.stderr
    new_batch_id = retried.stdout.strip()
    submitted = auditor.history(new_batch_id).json()["events"][0]
    assert submitted["data"]["retry_of"] == story.batch_ids[0]
    too_early = story.analyst.http.post(f"/v1/reports/batch/{new_batch_id}/retry")
    assert (too_early.status_code, too_early.json()["error_code"]) == (409, "BATCH_UNFINISHED")


@when("the service's clock goes back by an hour")
def set_clock_back(story: Story) -> None:
    container = story.service.container
    container.clock.override(providers.Object(lambda: utc_now() - timedelta(hours=1)))
    for use_case in (container.handler, container.cancel):
        use_case.reset()


@then("the times in the history of the batch never go back")
def times_never_go_back(story: Story, auditor: Auditor) -> None:
    times = [event["recorded_at"] for event in auditor.history(story.batch_ids[0]).json()["events"]]
    assert times == sorted(times)
    assert len(times) == 3


@when("the analyst requests the audit history of the batch")
def request_audit_history_as_analyst(story: Story) -> None:
    story.answers.append(story.analyst.http.get(f"/v1/audit/batches/{story.batch_ids[0]}"))
