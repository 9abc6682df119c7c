"""The features of the audit: a service over real HTTP, the command line beside it, and somebody who may do anything."""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from dependency_injector import providers
from psycopg.rows import dict_row
from pytest_bdd import given, parsers, scenarios, then, when

from application.audit.signed_notes import public_key
from application.ports.tokens import Role
from domain.tiers import Tier
from entrypoints.container import Container, Database
from entrypoints.edges import utc_now
from entrypoints.settings import Settings
from tests.support.batches import checked_offline
from tests.support.builders import TEXT
from tests.support.command_line import Run, in_process_runner
from tests.support.offline_verifier import verify_proof
from tests.support.running_service import FINAL, Client, Service, eventually, running

scenarios(
    "audit_history.feature",
    "audit_replay.feature",
    "audit_verify.feature",
    "receipts.feature",
    "erasure.feature",
)

GERMAN = (
    "Der Umsatz der Gesellschaft ist im vergangenen Jahr um acht Prozent gestiegen, und das Ergebnis vor Steuern hat "
    "sich verbessert. Die Nachfrage nach den Produkten war in allen Ländern hoch, und die Kosten sind nicht gestiegen."
).encode()
BECAUSE = ("--reason", "as the ticket says", "--actor", "night.shift")


@dataclass
class Story:
    database: Database
    run: Run
    service: Service
    opened: ExitStack
    settings: Settings
    client: Client
    other: Client
    auditor: httpx.Client
    batch_ids: list[str] = field(default_factory=list)
    seen: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    answer: Any = None
    receipt: str = ""
    kept: Path = Path()

    @property
    def container(self) -> Container:
        return self.service.container

    def superuser(self) -> psycopg.Connection[dict[str, Any]]:
        connection = psycopg.connect(self.database.admin_url, autocommit=True, row_factory=dict_row)
        connection.execute("SET session_replication_role = replica")
        return self.opened.enter_context(connection)

    def restart(self, *, worker: bool) -> None:
        self.opened.close()
        self.service = self.opened.enter_context(running(self.database, self.settings, worker=worker))
        self.client = self.service.client(Tier.ENTERPRISE, self.client.user_id)
        self.auditor = self.service.http(self.service.token(Tier.BASIC, None, Role.AUDITOR))

    def submit(self, client: Client, *contents: bytes) -> str:
        answer = client.submit(*(client.uploaded(content) for content in contents))
        assert answer.status_code == 202, answer.text
        self.receipt = base64.urlsafe_b64decode(answer.headers["batch-receipt"]).decode()
        self.batch_ids.append(answer.json()["batch_id"])
        self.seen = self.seen or [(utc_now(), answer.json())]
        return self.batch_ids[-1]

    def follow(self, batch_id: str) -> None:
        """Every answer that the owner gets until the batch has finished, with the instant before it was given."""
        etag = ""
        while self.seen[-1][1]["status"] not in FINAL:
            answer = self.client.http.get(
                f"/v1/reports/batch/{batch_id}", params={"wait": 5}, headers={"If-None-Match": etag}
            )
            if answer.status_code == 200:
                self.seen.append((utc_now(), answer.json()))
                etag = answer.headers["etag"]

    def history(self, **params: Any) -> httpx.Response:
        return self.auditor.get(f"/v1/audit/batches/{self.batch_ids[0]}", params=params)

    def acts(self, kind: str) -> list[dict[str, Any]]:
        rows = self.superuser().execute("SELECT * FROM audit_acts WHERE kind = %s ORDER BY position", [kind])
        return rows.fetchall()

    def export(self) -> list[str]:
        done = self.run("audit", "export", "-")
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    @property
    def keys(self) -> list[str]:
        return [str(public_key(self.container.signer()))]


@pytest.fixture
def story(database: Database, settings: Settings, tmp_path: Path) -> Iterator[Story]:
    with ExitStack() as opened:
        service = opened.enter_context(running(database, settings))
        auditor = service.http(service.token(Tier.BASIC, None, Role.AUDITOR))
        client, other = service.client(), service.client()
        yield Story(database, in_process_runner(database, tmp_path), service, opened, settings, client, other, auditor)


@given("nothing works on batches now")
def _(story: Story) -> None:
    story.restart(worker=False)


@given(parsers.parse("an analyst has submitted a batch of {count:d} reports"))
def _(story: Story, count: int) -> None:
    story.submit(story.client, *[TEXT] * count)


@given(parsers.parse("an analyst has submitted a batch of 1 report"))
def _(story: Story) -> None:
    story.submit(story.client, TEXT)


@given(parsers.re("an analyst has submitted a batch of (?P<count>.) reports? and followed it to its end"))
def _(story: Story, count: str) -> None:
    """The last report fails."""
    story.follow(story.submit(story.client, *[TEXT] * (int(count) - 1), GERMAN))


@given(parsers.parse("an analyst has submitted {count:d} batches one after the other"))
def _(story: Story, count: int) -> None:
    for _ in range(count):
        story.client.finished(story.submit(story.client, TEXT))


@given("another analyst has submitted a batch of 1 report")
def _(story: Story) -> None:
    story.submit(story.other, TEXT)


@given("the log is sealed")
def _(story: Story) -> None:
    assert story.run("audit", "checkpoint").returncode == 0


@given("the auditor keeps a checkpoint after a batch has ended")
def _(story: Story, tmp_path: Path) -> None:
    story.client.finished(story.submit(story.client, TEXT))
    story.kept = tmp_path / "kept.txt"
    story.kept.write_text(story.run("audit", "checkpoint").stdout)


@given(parsers.parse('an analyst has uploaded reports of "{person}" and submitted a batch of them'))
def _(story: Story, person: str) -> None:
    names = [f"{person} {number}.txt" for number in range(2)]
    form = {"company": person, "fiscal_period": person[:8]}
    answers = [story.client.upload(TEXT + person.encode(), name=name, **form) for name in names]
    key = {"Idempotency-Key": person, "User-Agent": person, "X-Request-ID": person, "Traceparent": person}
    answer = story.client.submit(*(each.json()["report_id"] for each in answers), headers=key)
    assert answer.status_code == 202, answer.text
    story.batch_ids.append(answer.json()["batch_id"])


@when("the auditor asks for the history of the batch")
def _(story: Story) -> None:
    story.answer = story.history().json()


@then("each event tells its time, its actor and its correlation")
def _(story: Story) -> None:
    events = story.answer["events"]
    assert [event["type"] for event in events][::4] == ["Submitted", "Finished"]
    assert all(datetime.fromisoformat(event["recorded_at"]) for event in events)
    assert {event["metadata"]["actor"].partition(":")[0] for event in events} == {"user", "worker"}
    assert all(event["metadata"]["correlation_id"] for event in events)


@then("the answer of each instant is the one that the analyst got then")
def _(story: Story) -> None:
    events = story.answer["events"]
    at_each = [story.history(as_of=event["recorded_at"]).json()["batch"] for event in events]
    assert len(story.seen) > 1
    for instant, answer in story.seen:
        assert answer in at_each
        then = story.history(as_of=instant.isoformat()).json()["batch"]
        assert at_each.index(then) >= at_each.index(answer), "it may have gone on before the instant was noted"
    assert at_each[-1] == story.seen[-1][1]
    shown = story.run("audit", "history", story.batch_ids[0], "--as-of", events[2]["recorded_at"][:-1], "--json")
    assert json.loads(shown.stdout)["batch"] == at_each[2] | {"processed_at": at_each[2]["processed_at"]}
    assert json.loads(shown.stdout)["events"] == story.answer["events"][:3]


@then("before the submission there was no such batch")
def _(story: Story) -> None:
    submitted = datetime.fromisoformat(story.answer["events"][0]["recorded_at"])
    before = (submitted - timedelta(microseconds=1)).isoformat()
    assert story.history(as_of=before).status_code == 404
    told = story.run("audit", "history", story.batch_ids[0], "--as-of", before)
    assert (told.returncode, "at that instant" in told.stderr) == (1, True)


@when("the auditor asks for the analyst's batches as of the second submission")
def _(story: Story) -> None:
    second = story.auditor.get(f"/v1/audit/batches/{story.batch_ids[1]}").json()["events"][0]["recorded_at"]
    asked = {"user_id": str(story.client.user_id), "as_of": second, "limit": 1}
    first_page = story.auditor.get("/v1/audit/batches", params=asked).json()
    rest = story.auditor.get("/v1/audit/batches", params=asked | {"cursor": first_page["next_cursor"]}).json()
    story.answer = first_page["batches"] + rest["batches"]
    story.seen = [(datetime.fromisoformat(second), {})]


@then("the list holds the first two, the second one first")
def _(story: Story) -> None:
    assert [batch["batch_id"] for batch in story.answer] == story.batch_ids[1::-1]
    assert [batch["status"] for batch in story.answer] == ["PENDING", "COMPLETED"]


@then("the analyst gets the same list")
def _(story: Story) -> None:
    asked = {"as_of": story.seen[0][0].isoformat()}
    assert story.client.http.get("/v1/reports/batch", params=asked).json()["batches"] == story.answer
    asked["status"] = "COMPLETED"
    assert story.client.http.get("/v1/reports/batch", params=asked).json()["batches"] == story.answer[1:]


@when("an operator cleans up everything that has finished")
def _(story: Story) -> None:
    planned = json.loads(story.run("cleanup", "--older-than", "0d", "--dry-run", "--json").stdout)
    assert planned == {"batches": 1, "dry_run": True}
    assert json.loads(story.run("cleanup", "--older-than", "0d", *BECAUSE, "--json").stdout)["batches"] == 1


@then("the analyst's list of batches is empty")
def _(story: Story) -> None:
    assert story.client.http.get("/v1/reports/batch").json()["batches"] == []


@then("the auditor still reads every event of the batch")
def _(story: Story) -> None:
    assert story.history().json()["batch"] == story.seen[-1][1]


@then(parsers.parse("the {act} is recorded with its actor and its reason"))
def _(story: Story, act: str) -> None:
    kind, reason = {
        "clean-up": ("cleanup", "as the ticket says"),
        "repair": ("repair", "as the ticket says"),
        "erasure": ("erase", "request 4711"),
    }[act]
    acts = story.acts(kind)
    assert acts, f"no act of {kind}"
    assert {(recorded["actor"], recorded["reason"]) for recorded in acts} == {("operator:night.shift", reason)}


@then("the audit finds nothing wrong")
def _(story: Story) -> None:
    assert story.run("audit", "checkpoint").returncode == 0
    verified = story.run("audit", "verify")
    assert (verified.returncode, verified.stderr.count("Traceback")) == (0, 0), verified.stdout
    over_http = story.auditor.get("/v1/audit/verify").json()
    assert (over_http["findings"], over_http["next_cursor"]) == ([], None)


@when(parsers.parse('the analyst cancels it because "{reason}"'))
def _(story: Story, reason: str) -> None:
    at = ("--url", story.service.url, "--token", story.client.http.headers["authorization"][7:])
    story.answer = story.run("cancel", story.batch_ids[0], "--reason", reason, *at, "--json")
    assert story.answer.returncode == 0, story.answer.stderr


@then(parsers.parse('the batch has ended with status "{status}"'))
def _(story: Story, status: str) -> None:
    body = story.client.batch(story.batch_ids[0]).json()
    assert (body["status"], body["failed"]) == (status, 2)
    assert all(result["errors"][0].startswith("CANCELLED") for result in body["results"])
    assert story.client.http.post(f"/v1/reports/batch/{story.batch_ids[0]}/cancel").status_code == 409


@then(parsers.parse('the history names the analyst and "{reason}"'))
def _(story: Story, reason: str) -> None:
    last = story.history().json()["events"][-1]
    assert last["data"]["reason"] == last["metadata"]["reason"] == reason
    assert last["metadata"]["actor"] == f"user:{story.client.user_id}"


@then("the analyst can retry it, as a batch that is linked to it")
def _(story: Story) -> None:
    at = ("--url", story.service.url, "--token", story.client.http.headers["authorization"][7:])
    retried = story.run("retry", story.batch_ids[0], *at)
    assert retried.returncode == 0, retried.stderr
    events = story.auditor.get(f"/v1/audit/batches/{retried.stdout.strip()}").json()["events"]
    assert events[0]["data"]["retry_of"] == story.batch_ids[0]
    again = story.client.http.post(f"/v1/reports/batch/{retried.stdout.strip()}/retry")
    assert (again.status_code, again.json()["error_code"]) == (409, "BATCH_UNFINISHED")


@when("the clock of the service goes back by an hour")
def _(story: Story) -> None:
    story.container.clock.override(providers.Object(lambda: utc_now() - timedelta(hours=1)))
    for part in (story.container.handler, story.container.cancel):
        part.reset()


@then("the times of the batch do not go back")
def _(story: Story) -> None:
    times = [event["recorded_at"] for event in story.history().json()["events"]]
    assert times == sorted(times)
    assert len(times) == 3


@when("the analyst asks for the history as an auditor does")
def _(story: Story) -> None:
    story.answer = story.client.http.get(f"/v1/audit/batches/{story.batch_ids[0]}")


@when("the analyst asks for its receipt")
def _(story: Story) -> None:
    story.answer = story.client.http.get(f"/v1/reports/batch/{story.batch_ids[0]}/receipt")


@then(parsers.parse('the answer is {status:d} "{code}"'))
def _(story: Story, status: int, code: str) -> None:
    assert (story.answer.status_code, story.answer.json()["error_code"]) == (status, code)


@when("somebody edits, removes and invents rows of the read model by hand")
def _(story: Story) -> None:
    edited, removed, untouched = story.batch_ids
    superuser = story.superuser()
    superuser.execute("UPDATE batch_jobs SET failed = 7, status = 'COMPLETED' WHERE batch_id = %s", [edited])
    superuser.execute("DELETE FROM batch_jobs WHERE batch_id = %s", [removed])
    copied = "user_id, status, total_reports, successful, failed, results, report_ids, processed_at, created_at"
    superuser.execute(
        f"INSERT INTO batch_jobs (batch_id, {copied}, updated_at, version) "
        f"SELECT %s, {copied}, updated_at, version FROM batch_jobs WHERE batch_id = %s".encode(),
        [uuid4(), untouched],
    )


@then("the audit names each of them, field by field")
def _(story: Story) -> None:
    verified = story.run("audit", "verify")
    assert verified.returncode == 1
    edited, removed, _ = story.batch_ids
    for told in (
        f"batch {edited}: batch_jobs.status is COMPLETED, the log says FAILED",
        f"batch {edited}: batch_jobs.failed is 7, the log says 1",
        f"batch {removed}: batch_jobs has no row for it",
        "batch_jobs has a row, but the log has no event",
    ):
        assert told in verified.stdout
    over_http = story.auditor.get("/v1/audit/verify", params={"batch_id": edited}).json()
    assert [finding["batch_id"] for finding in over_http["findings"]] == [edited, edited]


@when("an operator rebuilds the read model")
def _(story: Story) -> None:
    rebuilt = story.run("audit", "rebuild", *BECAUSE)
    assert rebuilt.returncode == 0, rebuilt.stderr


@then("the analyst reads the same answers as before")
def _(story: Story) -> None:
    assert story.client.batch(story.batch_ids[0]).json() == story.seen[-1][1]


@when("the read model and the queue are emptied")
def _(story: Story) -> None:
    superuser = story.superuser()
    for table in ("batch_jobs", "busy_reports", "pgqueuer"):
        superuser.execute(f"TRUNCATE {table}".encode())


@when("a worker is started")
def _(story: Story) -> None:
    story.restart(worker=True)


@then(parsers.parse('the batch ends with status "{status}"'))
def _(story: Story, status: str) -> None:
    assert story.client.finished(story.batch_ids[0])["status"] == status


@when("an operator replays the log through a projector that forgets failures")
def _(story: Story) -> None:
    story.answer = story.run("audit", "replay", "--projector", "tests.support.projectors:forgetful")


@when("an operator replays the log through the projector that is deployed")
def _(story: Story) -> None:
    story.answer = story.run("audit", "replay", "--projector", "application.read_model:project")


@then("the report names the batch and the fields that would differ")
def _(story: Story) -> None:
    assert story.answer.returncode == 1
    assert f"batch {story.batch_ids[0]}: failed is 1, would be 0" in story.answer.stdout


@then("nothing has changed")
def _(story: Story) -> None:
    assert story.client.batch(story.batch_ids[0]).json() == story.seen[-1][1]
    assert story.run("audit", "verify").returncode == 0


@then("no batch would differ")
def _(story: Story) -> None:
    assert (story.answer.returncode, story.answer.stdout) == (0, "1 batch replayed, 0 would differ.\n")


@then("an export of the log is found sound by a verifier that is none of ours")
def _(story: Story) -> None:
    assert checked_offline(story.export(), story.keys) == []


@then("an export of the log is found broken by a verifier that is none of ours")
def _(story: Story) -> None:
    assert any(story.batch_ids[0] in wrong for wrong in checked_offline(story.export(), story.keys))


@when("the administrator removes every trace of the batch")
def _(story: Story) -> None:
    for table in ("batch_events", "batch_jobs", "narrative_analyses"):
        story.superuser().execute(f"DELETE FROM {table} WHERE batch_id = %s".encode(), [story.batch_ids[0]])


@when("the administrator removes every trace of the batch and seals the rest anew")
def _(story: Story) -> None:
    """With the service's own key, on its machine: only who has both can."""
    story.answer = story.receipt
    story.submit(story.client, TEXT)
    story.restart(worker=False)
    for table in ("batch_events", "batch_jobs"):
        story.superuser().execute(f"DELETE FROM {table} WHERE batch_id = %s".encode(), [story.batch_ids[0]])
    for table in ("sealed_entries", "checkpoints", "tree_nodes"):
        story.superuser().execute(f"DELETE FROM {table}".encode())
    shutil.rmtree(story.settings.data_dir / "checkpoints")


@then("the receipt shows that the batch is missing from an export")
def _(story: Story) -> None:
    lines, lost = story.export(), story.batch_ids[0]
    assert checked_offline(lines, story.keys) == []
    (wrong,) = checked_offline(lines, story.keys, receipts=[story.answer])
    assert f"batch {lost} is missing" in wrong


@then("the audit names the batch")
def _(story: Story) -> None:
    verified = story.run("audit", "verify")
    assert (verified.returncode, f"batch {story.batch_ids[0]} version 1:" in verified.stdout) == (1, True)


@when("the administrator restores the database as it was before")
def _(story: Story) -> None:
    story.restart(worker=False)
    superuser = story.superuser()
    for table in ("checkpoints", "sealed_entries", "tree_nodes", "batch_events", "batch_jobs", "narrative_analyses"):
        superuser.execute(f"DELETE FROM {table}".encode())
    story.submit(story.client, TEXT)


def rolled_back(verified: "subprocess.CompletedProcess[str]") -> bool:
    return (verified.returncode, "the database was rolled back" in verified.stdout) == (1, True)


@then("the service's machine remembers more, says so, and seals nothing")
def _(story: Story) -> None:
    sealed = story.run("audit", "checkpoint")
    assert (sealed.returncode, "the database was rolled back" in sealed.stderr) == (1, True), sealed.stderr
    assert rolled_back(story.run("audit", "verify"))


@then("an auditor on another machine finds nothing wrong, but with the checkpoint that was kept")
def _(story: Story, tmp_path: Path) -> None:
    elsewhere = {"data_dir": str(tmp_path / "elsewhere"), "trusted_keys": json.dumps(story.keys)}
    assert story.run("audit", "verify", **elsewhere).returncode == 0
    assert rolled_back(story.run("audit", "verify", "--checkpoint", str(story.kept), **elsewhere))


@when("somebody edits the report's status by hand")
def _(story: Story) -> None:
    story.superuser().execute("UPDATE financial_reports SET processing_status = 'COMPLETED'")


@then("the audit names the report")
def _(story: Story) -> None:
    report_id = story.seen[-1][1]["results"][0]["report_id"]
    verified = story.run("audit", "verify")
    told = f"financial_reports.processing_status of {report_id} is COMPLETED, the log says FAILED"
    assert (verified.returncode, told in verified.stdout) == (1, True), verified.stdout


@then("the answer to the submission carried a signed receipt")
def _(story: Story) -> None:
    assert checked_offline(story.export(), story.keys, receipts=[story.receipt]) == []


@then("asking for the receipt gives the same one, with a proof that the log holds the submission")
def _(story: Story) -> None:
    def proven() -> dict[str, Any] | None:
        body: dict[str, Any] = story.client.http.get(f"/v1/reports/batch/{story.batch_ids[0]}/receipt").json()
        return body if body["inclusion"] else None

    receipt = eventually(proven)
    assert receipt["note"] == story.receipt
    told = verify_proof.proven(receipt, story.keys)
    assert f"the submission of batch {story.batch_ids[0]}, recorded {receipt['recorded_at']} is entry " in told


@when(parsers.parse('an operator erases the analyst because "{reason}"'))
def _(story: Story, reason: str) -> None:
    erased = story.run("erase", "--user", str(story.client.user_id), "--reason", reason, "--actor", "night.shift")
    assert erased.returncode == 0, erased.stderr
    assert erased.stdout.startswith("1 batches cancelled, 1 rows and 2 reports removed.")


@when(parsers.parse('an operator erases another analyst because "{reason}"'))
def _(story: Story, reason: str) -> None:
    assert story.run("erase", "--user", str(story.other.user_id), "--reason", reason).returncode == 0


@then(parsers.parse('the batch has ended with status "{status}" in the log'))
def _(story: Story, status: str) -> None:
    assert story.history().json()["batch"]["status"] == status


@then("the analyst's reports, analyses and batches are gone")
def _(story: Story) -> None:
    assert story.client.http.get("/v1/reports").json()["reports"] == []
    assert story.client.http.get("/v1/reports/batch").json()["batches"] == []
    assert story.client.batch(story.batch_ids[0]).status_code == 404
    for table in ("batch_jobs", "financial_reports", "report_chunks", "narrative_analyses", "idempotency_keys"):
        count = story.superuser().execute(f"SELECT count(*) AS rows FROM {table}".encode()).fetchone()
        assert count == {"rows": 0}, table


@then("nothing in the log or in the service's output names the analyst or what was uploaded")
def _(story: Story, capfd: pytest.CaptureFixture[str]) -> None:
    rows = story.superuser().execute(
        "SELECT data::text || metadata::text AS text FROM batch_events "
        "UNION ALL SELECT data::text || actor || reason FROM audit_acts"
    )
    written = "".join(row["text"] for row in rows) + "".join(capfd.readouterr())
    for trace in ("Jane", "Doe", "jane@example.com", ".txt", "revenue"):
        assert trace not in written
