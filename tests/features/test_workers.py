"""Workers that are killed, frozen, crashed by a report and replaced: real processes, signals and PostgreSQL."""

import asyncio
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from pytest_bdd import given, parsers, scenarios, then, when

from entrypoints.container import Container, Database
from entrypoints.settings import Settings
from tests.support.builders import TEXT
from tests.support.mortal_worker import DEADLY
from tests.support.running_service import FINAL, Client, Service, eventually, running
from tests.support.service_processes import WorkerProcess

scenarios("workers.feature")

HEARTBEAT_S = 2.0
LONG = b"\n\n".join(b"In region %d it was so. " % region + TEXT for region in range(6000))
SHORT = b"\n\n".join(b"In region %d it was so. " % region + TEXT for region in range(600))
Events = list[dict[str, Any]]


class Log:
    """The event log, read by plain SQL."""

    def __init__(self, database: Database) -> None:
        self._url = database.url

    def rows(self, query: str, *parameters: object) -> Events:
        with psycopg.connect(self._url, row_factory=dict_row) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def stream(self, batch_id: str) -> Events:
        return self.rows("SELECT * FROM batch_events WHERE batch_id = %s ORDER BY version", batch_id)

    def starts(self, batch_id: str) -> Events:
        return [event for event in self.stream(batch_id) if event["type"] == "Started"]

    def now(self) -> datetime:
        moment: datetime = self.rows("SELECT now()")[0]["now"]
        return moment


@pytest.fixture
def log(database: Database) -> Log:
    return Log(database)


@pytest.fixture
def service(database: Database, settings: Settings) -> Iterator[Service]:
    with running(database, settings, worker=False) as service:
        yield service


@pytest.fixture
def workers(database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[list[WorkerProcess]]:
    mortal = request.node.get_closest_marker("mortal_workers") is not None
    more = {"heartbeat_timeout_s": str(HEARTBEAT_S), "analysis_processes": "1", "grace_s": "1"}
    both = [WorkerProcess(database, tmp_path / name, mortal=mortal, **more) for name in ("one", "two")]
    yield both
    for worker in both:
        with suppress(ProcessLookupError):
            worker.process.send_signal(signal.SIGCONT)
        worker.close()


@given("a service with two workers on two machines")
def a_service_with_two_workers_on_two_machines(service: Service, workers: list[WorkerProcess]) -> None:
    """Give each worker a data folder of its own: as on two machines, they have only the database in common."""
    assert service.http().get("/health/ready").is_success
    for worker in workers:
        eventually(lambda worker=worker: worker.ids)  # type: ignore[misc]


@pytest.fixture
def client(service: Service) -> Client:
    return service.client()


@given(parsers.parse("an analyst has submitted a batch of {count:d} long reports"), target_fixture="batch_id")
def an_analyst_has_submitted_a_batch_of_long_reports(client: Client, count: int) -> str:
    return client.submitted(*(client.uploaded(LONG) for _ in range(count)))


@given("an analyst has submitted a batch of 3 reports of which the second kills its worker", target_fixture="batch_id")
def an_analyst_has_submitted_a_batch_of_3_reports(client: Client) -> str:
    return client.submitted(*(client.uploaded(content) for content in (TEXT, TEXT + DEADLY, TEXT)))


@given("another analyst has submitted a batch of 3 long reports", target_fixture="others")
def another_analyst_has_submitted_a_batch_of_3_long(service: Service) -> list[tuple[Client, str]]:
    other = service.client()
    return [(other, other.submitted(*(other.uploaded(LONG) for _ in range(3))))]


@dataclass
class Load:
    """Analysts who submit another batch of `size` reports whenever fewer than `ahead` batches are unfinished."""

    service: Service
    ahead: int
    size: int
    submitted: list[tuple[Client, str]] = field(default_factory=list)
    stopped: Event = field(default_factory=Event)
    thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def start(self) -> None:
        self._submitting = self.thread.submit(self._submit)

    def stop(self) -> None:
        self.stopped.set()
        self._submitting.result()
        self.thread.shutdown()

    def _submit(self) -> None:
        while not self.stopped.is_set():
            eventually(lambda: self.stopped.is_set() or self._unfinished() < self.ahead, patience=60)
            client = self.service.client()
            self.submitted.append((client, client.submitted(*(client.uploaded(SHORT) for _ in range(self.size)))))

    def _unfinished(self) -> int:
        recent = self.submitted[-self.ahead :]
        return sum(client.batch(batch_id).json()["status"] not in FINAL for client, batch_id in recent)


@given(parsers.parse("analysts keep {count:d} batches of {reports:d} reports unfinished"), target_fixture="load")
def analysts_keep_batches_unfinished(service: Service, count: int, reports: int) -> Iterator[Load]:
    load = Load(service, count, reports)
    load.start()
    yield load
    load.stop()


@when(parsers.parse("{count:d} report is done"))
def report_is_done(client: Client, batch_id: str, count: int) -> None:
    eventually(lambda: len(client.batch(batch_id).json()["results"]) >= count)


def holder(log: Log, workers: list[WorkerProcess], batch_id: str) -> WorkerProcess:
    """Return the worker that started the batch last."""
    last = log.starts(batch_id)[-1]["data"]["worker_id"].partition(":")[0]
    return next(worker for worker in workers if last in worker.ids)


@when("the worker that has the batch is killed", target_fixture="disturbed")
def the_worker_that_has_the_batch_is_killed(
    log: Log, workers: list[WorkerProcess], batch_id: str
) -> tuple[WorkerProcess, datetime]:
    held = holder(log, workers, batch_id)
    at = log.now()
    held.kill()
    return held, at


@when("the worker that has the batch is frozen", target_fixture="disturbed")
def the_worker_that_has_the_batch_is_frozen(
    log: Log, workers: list[WorkerProcess], batch_id: str
) -> tuple[WorkerProcess, datetime]:
    held = holder(log, workers, batch_id)
    at = log.now()
    held.process.send_signal(signal.SIGSTOP)
    return held, at


@then("the other worker takes the batch within the heartbeat timeout and a second")
def the_other_worker_takes_the_batch_within_the_heartbeat(
    log: Log, workers: list[WorkerProcess], batch_id: str, disturbed: tuple[WorkerProcess, datetime]
) -> None:
    disturbed_worker, at = disturbed
    eventually(lambda: len(log.starts(batch_id)) == 2)
    assert holder(log, workers, batch_id) is not disturbed_worker
    takeover = log.starts(batch_id)[-1]
    assert (takeover["recorded_at"] - at).total_seconds() < HEARTBEAT_S + 1
    assert takeover["data"]["attempt"] == 2, "the report that was being analysed must be on its second attempt"


@when("the frozen worker resumes")
def the_frozen_worker_resumes(disturbed: tuple[WorkerProcess, datetime]) -> None:
    frozen, _ = disturbed
    frozen.process.send_signal(signal.SIGCONT)
    eventually(lambda: "lease lost to another worker" in frozen.log.read_text())


@then("the frozen worker has recorded nothing since the other took the batch")
def the_frozen_worker_has_recorded_nothing_since_the_other(
    log: Log, batch_id: str, disturbed: tuple[WorkerProcess, datetime]
) -> None:
    frozen, _ = disturbed
    stream = log.stream(batch_id)
    takeover = [event["version"] for event in stream if event["type"] == "Started"][-1]
    actors = {event["metadata"]["actor"] for event in stream if event["version"] >= takeover}
    assert not {actor for actor in actors for worker_id in frozen.ids if worker_id in actor}


@when("workers that died are started again each time")
def workers_that_died_are_started_again_each_time(
    client: Client, workers: list[WorkerProcess], batch_id: str, others: list[tuple[Client, str]]
) -> None:
    def restart_workers_until_finished() -> bool:
        for worker in workers:
            if worker.process.poll() is not None:
                worker.start_again()
        batches = [(client, batch_id), *others]
        return all(owner.batch(submitted, wait=0.5).json()["status"] in FINAL for owner, submitted in batches)

    eventually(restart_workers_until_finished, patience=60)


@then(parsers.parse('the second report has failed with "{code}"'))
def the_second_report_has_failed_with(client: Client, batch_id: str, code: str) -> None:
    second = client.batch(batch_id).json()["results"][1]
    assert second["status"] == "failed"
    assert second["errors"][0].startswith(code)


@then("every other report of every batch has succeeded")
def every_other_report_of_every_batch_has_succeeded(
    client: Client, batch_id: str, others: list[tuple[Client, str]]
) -> None:
    results = client.batch(batch_id).json()["results"]
    assert [result["status"] for result in results] == ["success", "failed", "success"]
    for other, submitted in others:
        assert other.batch(submitted).json()["status"] == "COMPLETED"


@when("every worker is stopped and started again, one after the other", target_fixture="exit_codes")
def every_worker_is_stopped_and_started_again_one_after(
    log: Log, workers: list[WorkerProcess], load: Load
) -> list[int]:
    codes = []
    for worker in workers:
        wait_until_busy(log, worker)
        codes.append(worker.stop())
        worker.start_again()
    load.stop()
    return codes


@when("every process of both workers is told to stop at once, and both are started again", target_fixture="exit_codes")
def every_process_of_both_workers_is_told_to_stop(log: Log, workers: list[WorkerProcess], load: Load) -> list[int]:
    for worker in workers:
        wait_until_busy(log, worker)
    for worker in workers:
        for pid in [*worker.children(), worker.process.pid]:
            os.kill(pid, signal.SIGTERM)
    codes = [worker.process.wait(60) for worker in workers]
    for worker in workers:
        worker.start_again()
    load.stop()
    return codes


def wait_until_busy(log: Log, worker: WorkerProcess) -> None:
    eventually(lambda: has_started_batches(log, worker))


def has_started_batches(log: Log, worker: WorkerProcess) -> bool:
    unfinished = log.rows(
        "SELECT DISTINCT ON (batch_id) data ->> 'worker_id' AS holder FROM batch_events "
        "WHERE type IN ('Started', 'Finished') ORDER BY batch_id, version DESC"
    )
    return any(str(row["holder"]).partition(":")[0] in worker.ids for row in unfinished)


@then("each worker ended with exit code 0")
def each_worker_ended_with_exit_code_0(exit_codes: list[int]) -> None:
    assert exit_codes == [0, 0]


@then(parsers.parse('all batches finish with status "{status}"'))
def all_batches_end_with_status(load: Load, status: str) -> None:
    assert {client.finished(batch_id)["status"] for client, batch_id in list(load.submitted)} == {status}


@then("no report took a second attempt")
def no_report_took_a_second_attempt(log: Log) -> None:
    starts = log.rows("SELECT data FROM batch_events WHERE type = 'Started'")
    assert {row["data"]["attempt"] for row in starts} == {1}


@then(
    parsers.parse('the batch finishes with status "{status}", {successful:d} reports successful and {failed:d} failed')
)
def the_batch_finishes_with_status(client: Client, batch_id: str, status: str, successful: int, failed: int) -> None:
    body = client.finished(batch_id)
    assert (body["status"], body["successful"], body["failed"]) == (status, successful, failed)


@then("every report has exactly one outcome and one analysis")
def every_report_has_exactly_one_outcome_and_one_analysis(log: Log) -> None:
    outcomes = log.rows(
        "SELECT batch_id::text, data ->> 'report_id' AS report_id, data ->> 'analysis_id' AS analysis_id "
        "FROM batch_events WHERE type = 'ReportSucceeded' ORDER BY 1, 2"
    )
    analyses = log.rows(
        "SELECT batch_id::text, report_id::text, analysis_id::text FROM narrative_analyses ORDER BY 1, 2"
    )
    assert outcomes == analyses
    submitted = log.rows("SELECT jsonb_array_length(data -> 'report_ids') FROM batch_events WHERE type = 'Submitted'")
    assert len(outcomes) == sum(row["jsonb_array_length"] for row in submitted)


@then("the audit reports no findings")
def the_audit_reports_no_findings(service: Service) -> None:
    async def verify() -> list[object]:
        container = Container(settings=service.container.settings(), database_url=service.database.url)
        async with container.pool():
            return [finding async for _, found in container.batch_audit().batches() for finding in found]

    assert asyncio.run(verify()) == []
