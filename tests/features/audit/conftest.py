"""Steps that the features of the audit share: analysts, operators, auditors and the administrator of the database.

Each scenario has a service and a database of its own. The administrator may do anything in the database: triggers are
off.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from pytest_bdd import given, parsers, then, when

from entrypoints.container import Database
from entrypoints.settings import Settings
from tests.features.conftest import CONTENTS
from tests.support.auditor import Auditor
from tests.support.builders import TEXT
from tests.support.command_line import Run, in_process_runner
from tests.support.database import superuser_connection
from tests.support.restartable_service import RestartableService
from tests.support.running_service import Service
from tests.support.story import Story

REASON = "as the ticket says"
OPERATOR = "night.shift"
KIND_OF_ACTION = {"clean-up": "cleanup", "repair": "repair", "erasure": "erase"}
Administrator = psycopg.Connection[dict[str, Any]]


@pytest.fixture
def restartable_service(database: Database, settings: Settings) -> Iterator[RestartableService]:
    with RestartableService(database, settings) as service:
        yield service


@pytest.fixture
def story(restartable_service: RestartableService) -> Story:
    return Story(restartable_service.start())


@pytest.fixture
def service_without_worker(story: Story, restartable_service: RestartableService) -> Service:
    return restartable_service.start(worker=False)


@pytest.fixture
def run(database: Database, tmp_path: Path) -> Run:
    return in_process_runner(database, tmp_path)


@pytest.fixture
def auditor(story: Story, run: Run) -> Auditor:
    return Auditor(story, run)


@pytest.fixture
def administrator(database: Database) -> Iterator[Administrator]:
    with superuser_connection(database) as connection:
        connection.row_factory = dict_row
        yield connection


@given(parsers.re(r"an analyst has submitted (?P<kinds>a report in \w+( and a report in \w+)?) as a batch"))
def submit_reports_as_batch(story: Story, kinds: str) -> None:
    story.submit_contents(*(CONTENTS[kind] for kind in kinds.split(" and ")))


@given("the analyst has watched the batch until it finished")
def watch_batch_until_it_finished(story: Story) -> None:
    story.watch_submitted_batch()


@given(parsers.parse("an analyst has submitted {count:d} batches one after another"))
@given(parsers.parse("the analyst has submitted {count:d} more batches one after another"))
def submit_batches_one_after_another(story: Story, count: int) -> None:
    for _ in range(count):
        story.analyst.finished(story.submit_contents(TEXT))


@when("an operator rebuilds the read model", target_fixture="reason")
def rebuild_read_model(run: Run) -> str:
    rebuilt = run("audit", "rebuild", "--reason", REASON, "--actor", OPERATOR)
    assert rebuilt.returncode == 0, rebuilt.stderr
    return REASON


@then(parsers.parse("the {action} is recorded with the operator's name and reason"))
def action_is_recorded(administrator: Administrator, action: str, reason: str) -> None:
    kind = KIND_OF_ACTION[action]
    recorded = administrator.execute("SELECT actor, reason FROM audit_acts WHERE kind = %s", [kind]).fetchall()
    assert recorded, f"audit_acts has no action of the kind {kind}"
    assert {(row["actor"], row["reason"]) for row in recorded} == {(f"operator:{OPERATOR}", reason)}


@then("the audit reports no findings")
def audit_reports_no_findings(auditor: Auditor) -> None:
    auditor.sign_checkpoint()
    verified = auditor.verify()
    assert (verified.returncode, verified.stderr.count("Traceback")) == (0, 0), verified.stdout
    over_http = auditor.get("verify").json()
    assert (over_http["findings"], over_http["next_cursor"]) == ([], None)


@then("the analyst sees the batch as before")
def analyst_sees_batch_as_before(story: Story) -> None:
    assert story.analyst.batch(story.batch_ids[0]).json() == story.seen[-1].batch
