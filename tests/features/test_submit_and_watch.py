"""Analysts submit batches and watch them, over real HTTP."""

import json
from typing import Any

import psycopg
from pytest_bdd import parsers, scenarios, then, when

from tests.support.story import Story

scenarios("submit_and_watch.feature")

FIELDS_OF_BATCH = {"batch_id", "status", "total_reports", "successful", "failed", "results", "processed_at"}
FIELDS_OF_RESULT = {"report_id", "status", "analysis_id", "errors"}


@when("the analyst requests the batch with its current ETag")
def request_batch_with_current_etag(story: Story) -> None:
    path = f"/v1/reports/batch/{story.batch_ids[-1]}"
    etag = story.analyst.http.get(path).headers["etag"]
    story.answers.append(story.analyst.http.get(path, headers={"If-None-Match": etag}))


@when(parsers.parse("the analyst lists the batches in pages of {size:d}"), target_fixture="pages")
def list_batches_in_pages(story: Story, size: int) -> list[list[str]]:
    pages: list[list[str]] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": size} | ({"cursor": cursor} if cursor else {})
        body = story.analyst.http.get("/v1/reports/batch", params=params).json()
        pages.append([batch["batch_id"] for batch in body["batches"]])
        cursor = body["next_cursor"]
    return pages


@then(parsers.parse('the answer has exactly the seven documented fields, with status "{status}" and no results'))
def answer_is_new_batch(story: Story, status: str) -> None:
    body = story.answer.json()
    assert body.keys() == FIELDS_OF_BATCH
    expected = {"status": status, "total_reports": 3, "successful": 0, "failed": 0, "results": [], "processed_at": None}
    assert {name: body[name] for name in expected} == expected


@then(
    parsers.re(
        r'the batch finishes with status "(?P<status>\w+)", '
        r"(?P<successful>\d+) reports? successful and (?P<failed>\d+) failed"
    ),
    converters={"successful": int, "failed": int},
)
def batch_finishes_with_counts(story: Story, status: str, successful: int, failed: int) -> None:
    body = story.analyst.finished(story.batch_ids[-1])
    assert body.keys() == FIELDS_OF_BATCH
    assert (body["status"], body["successful"], body["failed"]) == (status, successful, failed)
    assert body["processed_at"]


@then("the results list the reports in the order of submission")
def results_are_in_order_of_submission(story: Story) -> None:
    results = story.analyst.finished(story.batch_ids[-1])["results"]
    assert [result["report_id"] for result in results] == story.report_ids
    assert all(result.keys() == FIELDS_OF_RESULT for result in results)


@then("every report has an analysis with scores between 0 and 1")
def every_report_has_scores(story: Story) -> None:
    for result in story.analyst.finished(story.batch_ids[-1])["results"]:
        assert result["status"] == "success"
        body = story.analyst.http.get(f"/v1/reports/{result['report_id']}/analysis").json()
        assert body["analysis_id"] == result["analysis_id"]
        for name in ("optimism", "risk", "uncertainty"):
            assert 0 <= body["analysis"][f"{name}_score"] <= 1
            assert 0 <= body["analysis"][f"{name}_confidence"] <= 1


@then(parsers.parse('report {number:d} has failed with "{code}" and a message that says what to do'))
def report_failed_with_advice(story: Story, number: int, code: str) -> None:
    result = story.analyst.finished(story.batch_ids[-1])["results"][number - 1]
    assert result["status"] == "failed"
    assert result["analysis_id"] is None
    (error,) = result["errors"]
    assert error.startswith(f"{code}: ")
    assert "upload" in error


def batch_after_each_event(story: Story) -> list[dict[str, Any]]:
    batch_id = story.batch_ids[-1]
    with psycopg.connect(story.service.database.url) as connection:
        rows = connection.execute(
            "SELECT recorded_at FROM batch_events WHERE batch_id = %s ORDER BY version", [batch_id]
        ).fetchall()
    return [story.analyst.batch(batch_id, as_of=recorded_at.isoformat()).json() for (recorded_at,) in rows]


@then(parsers.parse("the status of the batch went through {statuses}"))
def status_went_through(story: Story, statuses: str) -> None:
    seen = [body["status"] for body in batch_after_each_event(story)]
    assert list(dict.fromkeys(seen)) == json.loads(f"[{statuses}]")


@then(parsers.parse("the number of results went through {counts}"))
def number_of_results_went_through(story: Story, counts: str) -> None:
    seen = [len(body["results"]) for body in batch_after_each_event(story)]
    assert list(dict.fromkeys(seen)) == json.loads(f"[{counts}]")


@then(parsers.parse('every report has the processing status "{status}"'))
def every_report_has_processing_status(story: Story, status: str) -> None:
    for report_id in story.report_ids:
        assert story.analyst.http.get(f"/v1/reports/{report_id}").json()["processing_status"] == status


@then("the answer is 304 without a body")
def answer_is_not_modified(story: Story) -> None:
    assert (story.answer.status_code, story.answer.content) == (304, b"")


@then(parsers.parse("the pages list each of the {count:d} batches once, newest first"))
def pages_list_each_batch_once(story: Story, count: int, pages: list[list[str]]) -> None:
    listed = [batch_id for page in pages for batch_id in page]
    assert listed == story.batch_ids[::-1]
    assert len(listed) == count
