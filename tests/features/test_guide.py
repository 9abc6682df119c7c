"""The features of the guide, told over real HTTP."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from pytest_bdd import given, parsers, scenarios, then, when

from domain.tiers import Tier
from tests.support.builders import TEXT
from tests.support.running_service import Client, Service

scenarios("submit_and_watch.feature", "tiers.feature", "ownership.feature", "bad_input.feature")

SEVEN = {"batch_id", "status", "total_reports", "successful", "failed", "results", "processed_at"}
GERMAN = (
    "Der Umsatz der Gesellschaft ist im vergangenen Jahr um acht Prozent gestiegen, und das Ergebnis vor Steuern hat "
    "sich verbessert. Die Nachfrage nach den Produkten war in allen Ländern hoch, und die Kosten sind nicht gestiegen."
).encode()
TABLES = b"<html><body><table><tr><td>Revenue</td><td>1,234</td><td>5,678</td></tr></table></body></html>"
KINDS = {
    "in English": TEXT,
    "in German": GERMAN,
    "that holds only tables": TABLES,
    "PDF that is cut off": b"%PDF-1.7\n1 0 obj\n<< /Type /Cat",
    "a spreadsheet": b"PK\x03\x04 a zip archive",
    "an empty file": b"",
}


@dataclass
class Story:
    """What has happened so far."""

    service: Service
    client: Client
    other: Client
    report_ids: list[str] = field(default_factory=list)
    answers: list[httpx.Response] = field(default_factory=list)
    batch_ids: list[str] = field(default_factory=list)

    def submit(self, *report_ids: str, **more: Any) -> None:
        self.answers.append(self.client.submit(*report_ids, **more))
        if self.answer.status_code == 202:
            self.batch_ids.append(self.answer.json()["batch_id"])

    @property
    def answer(self) -> httpx.Response:
        return self.answers[-1]


@pytest.fixture
def story(service: Service) -> Story:
    return Story(service, service.client(), service.client())


@given(parsers.parse("an analyst with the {tier} tier"))
def _(story: Story, tier: str) -> None:
    story.client = story.service.client(Tier(tier))


@given("nothing works on batches now")
def _(story: Story, idle: Service) -> None:
    """From here on the story plays at a service without a worker; what was uploaded there before comes along."""
    tier = Tier(story.service.container.tokens().verify(story.client.http.headers["Authorization"][7:]).tier)
    story.service, story.client = idle, idle.client(tier, story.client.user_id)
    story.report_ids = [story.client.uploaded() for _ in story.report_ids]


@given("somebody without a token")
def _(story: Story) -> None:
    story.client = Client(story.service.http(), uuid4())


@given(parsers.parse("the analyst has uploaded {count:d} reports in English"))
def _(story: Story, count: int) -> None:
    story.report_ids += [story.client.uploaded() for _ in range(count)]


@given(parsers.re("the analyst has uploaded a (?:report )?(?P<kind>in English|in German|that holds.*|PDF.*)"))
def _(story: Story, kind: str) -> None:
    story.report_ids.append(story.client.uploaded(KINDS[kind]))


@given(parsers.parse("the analyst has submitted {count:d} batches of one report"))
def _(story: Story, count: int) -> None:
    for _ in range(count):
        story.submit(story.client.uploaded())


@given("another analyst has uploaded a report")
def _(story: Story) -> None:
    story.report_ids = [story.other.uploaded()]


@given("another analyst has submitted a batch")
def _(story: Story) -> None:
    story.batch_ids = [story.other.submitted(story.other.uploaded())]


@when("the analyst submits them as a batch")
@when("the analyst submits that report in a batch")
def _(story: Story) -> None:
    story.submit(*story.report_ids)


@when("the analyst submits it twice in one batch")
def _(story: Story) -> None:
    story.submit(story.report_ids[0], story.report_ids[0])


@when("the analyst submits a batch of one report more")
def _(story: Story) -> None:
    story.submit(*(str(uuid4()) for _ in range(len(story.report_ids) + 1)))


@when(parsers.parse('the analyst submits them with the idempotency key "{key}"'))
def _(story: Story, key: str) -> None:
    story.submit(*story.report_ids, headers={"Idempotency-Key": key})


@when(parsers.parse("the analyst sends the batch {body}"))
def _(story: Story, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    story.answers.append(story.client.http.post("/v1/reports/batch", content=body, headers=headers))


@when(parsers.re("the analyst uploads (?P<file>.+)"))
def _(story: Story, file: str) -> None:
    story.answers.append(story.client.upload(KINDS[file]))


@when("the batch has ended")
def _(story: Story) -> None:
    story.client.finished(story.batch_ids[-1])


@when("the analyst asks for that batch")
def _(story: Story) -> None:
    story.answers.append(story.client.batch(story.batch_ids[-1]))


@when("asks for the batch again with its ETag")
def _(story: Story) -> None:
    path = f"/v1/reports/batch/{story.batch_ids[-1]}"
    etag = story.client.http.get(path).headers["etag"]
    story.answers.append(story.client.http.get(path, headers={"If-None-Match": etag}))


@when("they ask for a list of batches")
def _(story: Story) -> None:
    story.answers.append(story.client.http.get("/v1/reports/batch"))


@when(parsers.parse("the analyst lists the batches {size:d} at a time"), target_fixture="pages")
def _(story: Story, size: int) -> list[list[str]]:
    pages: list[list[str]] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": size} | ({"cursor": cursor} if cursor else {})
        body = story.client.http.get("/v1/reports/batch", params=params).json()
        pages.append([batch["batch_id"] for batch in body["batches"]])
        cursor = body["next_cursor"]
    return pages


@then("the answer is 202 with the location of the batch")
def _(story: Story) -> None:
    assert story.answer.status_code == 202, story.answer.text
    assert story.answer.headers["location"] == f"/v1/reports/batch/{story.batch_ids[-1]}"
    assert story.answer.headers["retry-after"]
    assert story.client.http.get(story.answer.headers["location"]).status_code == 200


@then(parsers.parse('the answer has exactly the seven fields of a batch, with status "{status}" and nothing processed'))
def _(story: Story, status: str) -> None:
    body = story.answer.json()
    assert body.keys() == SEVEN
    expected = {"status": status, "total_reports": 3, "successful": 0, "failed": 0, "results": [], "processed_at": None}
    assert {name: body[name] for name in expected} == expected


@then(parsers.parse('the batch ends with status "{status}", {successful:d} successful and {failed:d} failed'))
def _(story: Story, status: str, successful: int, failed: int) -> None:
    body = story.client.finished(story.batch_ids[-1])
    assert body.keys() == SEVEN
    assert (body["status"], body["successful"], body["failed"]) == (status, successful, failed)
    assert body["processed_at"]


@then("the results name the reports in the order submitted")
def _(story: Story) -> None:
    results = story.client.finished(story.batch_ids[-1])["results"]
    assert [result["report_id"] for result in results] == story.report_ids
    assert all(result.keys() == {"report_id", "status", "analysis_id", "errors"} for result in results)


@then("each report that succeeded has an analysis with scores between 0 and 1")
def _(story: Story) -> None:
    for result in story.client.finished(story.batch_ids[-1])["results"]:
        assert result["status"] == "success"
        body = story.client.http.get(f"/v1/reports/{result['report_id']}/analysis").json()
        assert body["analysis_id"] == result["analysis_id"]
        for name in ("optimism", "risk", "uncertainty"):
            assert 0 <= body["analysis"][f"{name}_score"] <= 1
            assert 0 <= body["analysis"][f"{name}_confidence"] <= 1


@then(parsers.parse('report {number:d} failed with "{code}" and a sentence that says what to do'))
def _(story: Story, number: int, code: str) -> None:
    result = story.client.finished(story.batch_ids[-1])["results"][number - 1]
    assert result["status"] == "failed"
    assert result["analysis_id"] is None
    (error,) = result["errors"]
    assert error.startswith(f"{code}: ")
    assert "upload" in error


def history(story: Story) -> list[dict[str, Any]]:
    """The batch after each of its events."""
    batch_id = story.batch_ids[-1]
    with psycopg.connect(story.service.database.url) as connection:
        rows = connection.execute(
            "SELECT recorded_at FROM batch_events WHERE batch_id = %s ORDER BY version", [batch_id]
        ).fetchall()
    return [story.client.batch(batch_id, as_of=at.isoformat()).json() for (at,) in rows]


@then(parsers.parse("its statuses over time were {statuses}"))
def _(story: Story, statuses: str) -> None:
    seen = [body["status"] for body in history(story)]
    assert list(dict.fromkeys(seen)) == json.loads(f"[{statuses}]")


@then(parsers.parse("the number of results over time was {counts}"))
def _(story: Story, counts: str) -> None:
    seen = [len(body["results"]) for body in history(story)]
    assert list(dict.fromkeys(seen)) == json.loads(f"[{counts}]")


@then(parsers.parse('its reports have the processing status "{status}"'))
def _(story: Story, status: str) -> None:
    for report_id in story.report_ids:
        assert story.client.http.get(f"/v1/reports/{report_id}").json()["processing_status"] == status


@then("the answer is 304 without a body")
def _(story: Story) -> None:
    assert (story.answer.status_code, story.answer.content) == (304, b"")


@then(parsers.parse("all {count:d} batches are listed once each, newest first"))
def _(story: Story, count: int, pages: list[list[str]]) -> None:
    listed = [batch_id for page in pages for batch_id in page]
    assert listed == story.batch_ids[::-1]
    assert len(listed) == count


@then(
    parsers.re(r'the answer is (?P<status>\d+) with the code "(?P<code>\w+)"(?:, naming the limit of (?P<limit>\d+))?')
)
def _(story: Story, status: str, code: str, limit: str | None) -> None:
    body = story.answer.json()
    assert (story.answer.status_code, body["error_code"]) == (int(status), code), body
    assert (limit or "") in body["detail"]


@then(parsers.parse('the error names the field "{name}"'))
def _(story: Story, name: str) -> None:
    assert name in [entry["field"] for entry in story.answer.json()["errors"]]


@then("both answers name the same batch")
def _(story: Story) -> None:
    one, two = story.answers[-2:]
    assert one.json() == two.json()


@then("the analyst's list has one batch")
def _(story: Story) -> None:
    assert len(story.client.http.get("/v1/reports/batch").json()["batches"]) == 1


@then("the analyst's list of batches is empty")
def _(story: Story) -> None:
    assert story.client.http.get("/v1/reports/batch").json() == {"batches": [], "next_cursor": None}
