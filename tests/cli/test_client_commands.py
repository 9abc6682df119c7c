"""submit, watch and status speak HTTP to a service; a failed batch is exit code 1."""

import json
from uuid import uuid4

from domain.tiers import Tier
from tests.support.command_line import Run
from tests.support.running_service import Service


def test_a_batch_is_submitted_watched_and_audited_at_the_command_line(
    own_service: Service, run_alone: Run, report: str
) -> None:
    at_service = ("--url", own_service.url, "--token", own_service.token(Tier.BASIC))
    submitted = run_alone("submit", report, report, *at_service)
    assert submitted.returncode == 0, submitted.stderr
    batch_id = submitted.stdout.strip()
    assert "Uploading: 2 of 2" in submitted.stderr
    watched = run_alone("watch", batch_id, *at_service)
    assert (watched.returncode, "COMPLETED" in watched.stdout) == (0, True), watched.stderr
    status = json.loads(run_alone("status", batch_id, "--json", *at_service).stdout)
    assert (status["batch_id"], status["status"], status["successful"]) == (batch_id, "COMPLETED", 2)

    events = json.loads(run_alone("audit", "history", batch_id, "--json").stdout)["events"]
    assert [event["type"] for event in events] == [
        "Submitted",
        "Started",
        "ReportSucceeded",
        "ReportSucceeded",
        "Finished",
    ]
    until_started = run_alone("audit", "history", batch_id, "--as-of", events[1]["recorded_at"][:-1] + "+00:00")
    assert until_started.stdout.splitlines()[0].split()[2] == "Submitted"
    verified = run_alone("audit", "verify")
    assert verified.returncode == 0
    assert "1 batch verified" in verified.stdout


def test_watch_and_status_of_a_failed_batch_end_with_1(own_service: Service, run: Run, empty_report: str) -> None:
    at_service = ("--url", own_service.url, "--token", own_service.token())
    batch_id = run("submit", empty_report, *at_service).stdout.strip()
    watched = run("watch", batch_id, *at_service)
    assert watched.returncode == 1
    assert "NO_NARRATIVE_TEXT" in watched.stdout
    assert run("status", batch_id, *at_service).returncode == 1


def test_the_service_accepts_an_issued_token(own_service: Service, run: Run) -> None:
    user = str(uuid4())
    token = run("token", "--user", user, "--tier", "Pro", "--role", "auditor").stdout.strip()
    identity = own_service.container.tokens().verify(token)
    assert (str(identity.user_id), identity.tier, [*identity.roles]) == (user, Tier.PRO, ["auditor"])
