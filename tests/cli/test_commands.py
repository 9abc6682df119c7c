"""Every command: what it prints, and that it ends with 0, 1 or 2 and never with a traceback."""

import json
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from domain.tiers import Tier
from entrypoints.container import Database
from tests.support.builders import TEXT
from tests.support.command_line import Run
from tests.support.running_service import Service

SAMPLES = Path(__file__).parents[2] / "samples"
AURORA = str(SAMPLES / "good" / "aurora_instruments_10k.html")
UNKNOWN = "00000000-0000-0000-0000-000000000000"
NOT_THERE = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def report(tmp_path: Path) -> str:
    file = tmp_path / "report.txt"
    file.write_bytes(TEXT)
    return str(file)


def test_submit_watch_status_history_verify(own_service: Service, run_alone: Run, report: str) -> None:
    at = ("--url", own_service.url, "--token", own_service.token(Tier.BASIC))
    submitted = run_alone("submit", report, report, *at)
    assert submitted.returncode == 0, submitted.stderr
    batch_id = submitted.stdout.strip()
    assert "Uploading: 2 of 2" in submitted.stderr
    watched = run_alone("watch", batch_id, *at)
    assert (watched.returncode, "COMPLETED" in watched.stdout) == (0, True), watched.stderr
    status = json.loads(run_alone("status", batch_id, "--json", *at).stdout)
    assert (status["batch_id"], status["status"], status["successful"]) == (batch_id, "COMPLETED", 2)

    history = json.loads(run_alone("audit", "history", batch_id, "--json").stdout)["events"]
    assert [event["type"] for event in history] == [
        "Submitted",
        "Started",
        "ReportSucceeded",
        "ReportSucceeded",
        "Finished",
    ]
    shown = run_alone("audit", "history", batch_id, "--as-of", history[1]["recorded_at"][:-1] + "+00:00")
    assert shown.stdout.splitlines()[0].split()[2] == "Submitted"
    verified = run_alone("audit", "verify")
    assert verified.returncode == 0
    assert "1 batch verified" in verified.stdout


def test_a_failed_batch_is_exit_1(own_service: Service, run: Run, tmp_path: Path) -> None:
    at = ("--url", own_service.url, "--token", own_service.token())
    empty = tmp_path / "empty.html"
    empty.write_text("<html></html>")
    batch_id = run("submit", str(empty), *at).stdout.strip()
    watched = run("watch", batch_id, *at)
    assert watched.returncode == 1
    assert "NO_NARRATIVE_TEXT" in watched.stdout
    assert run("status", batch_id, *at).returncode == 1


def test_drift_is_named_and_exit_1(own_service: Service, run: Run, database: Database) -> None:
    client = own_service.client()
    batch_id = client.submitted(client.uploaded())
    client.finished(batch_id)
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("UPDATE batch_jobs SET successful = 7")
    verified = run("audit", "verify", "--batch", batch_id)
    assert verified.returncode == 1
    assert f"batch {batch_id}: batch_jobs.successful is 7, the log says 1" in verified.stdout
    findings = json.loads(run("audit", "verify", "--json").stdout)["findings"]
    assert [finding["batch_id"] for finding in findings] == [batch_id]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("status = 'FAILED'", "batch_jobs.status is FAILED, the log says COMPLETED"),
        ("results = '[]'", "batch_jobs.results is empty"),
        ("results = '[7]'", "a row that cannot be read"),
    ],
)
def test_rows_edited_by_hand_are_named(
    own_service: Service, run: Run, database: Database, change: str, told: str
) -> None:
    client = own_service.client()
    client.finished(client.submitted(client.uploaded()))
    with psycopg.connect(database.admin_url) as connection:
        connection.execute(f"UPDATE batch_jobs SET {change}".encode())
    assert told in run("audit", "verify").stdout


def test_the_history_of_an_unknown_batch(run: Run) -> None:
    told = run("audit", "history", str(uuid4()))
    assert (told.returncode, told.stdout) == (1, "")
    assert "knows no batch" in told.stderr


def test_analyze_a_file_and_a_sentence(run: Run) -> None:
    shown = run("analyze", AURORA)
    assert shown.returncode == 0
    assert "optimism" in shown.stdout
    assert "Sentences that drove it" in shown.stdout
    body = json.loads(run("analyze", AURORA, "--json").stdout)
    assert body["analysis"]["financial_metrics"]["revenue"] == 412_600_000
    assert body["drivers"]
    told = run("analyze", "--sentence", "Losses narrowed.").stdout
    assert told.startswith("positive")
    assert "losses narrowed" in told
    german = run("analyze", str(SAMPLES / "difficult" / "rheinwerk_geschaeftsbericht.html"))
    assert (german.returncode, "not in English" in german.stderr) == (1, True)


def test_doctor_finds_everything_in_order(run: Run) -> None:
    told = run("doctor")
    assert told.returncode == 0, told.stdout
    for what in ("secret", "analyser", "database", "migrations", "privileges", "worker"):
        assert f"ok  {what}" in told.stdout


def test_doctor_says_what_is_wrong_and_what_to_do(run: Run, database: Database, server: str) -> None:
    away = run("doctor", database_url=NOT_THERE)
    assert away.returncode == 1
    assert "BAD database" in away.stdout
    assert "FNA_BATCH_DATABASE_URL" in away.stdout
    assert "BAD secret" in run("doctor", jwt_secret="").stdout
    assert "fna-batch migrate" in run("doctor", database_url=server).stdout
    as_owner = json.loads(run("doctor", "--json", database_url=database.admin_url).stdout)
    assert [check["what"] for check in as_owner if check["advice"]] == ["privileges"]


def test_doctor_notices_that_no_worker_takes_batches(idle: Service, run: Run) -> None:
    client = idle.client()
    client.submitted(client.uploaded())
    with psycopg.connect(idle.database.admin_url) as connection:
        connection.execute("UPDATE pgqueuer SET execute_after = now() - INTERVAL '1 minute'")
    told = run("doctor", database_url=idle.database.url)
    assert told.returncode == 1
    assert "BAD worker" in told.stdout
    assert "fna-batch worker" in told.stdout


def test_a_token_is_taken_by_the_service(own_service: Service, run: Run) -> None:
    user = str(uuid4())
    token = run("token", "--user", user, "--tier", "Pro", "--role", "auditor").stdout.strip()
    identity = own_service.container.tokens().verify(token)
    assert (str(identity.user_id), identity.tier, [*identity.roles]) == (user, Tier.PRO, ["auditor"])


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "told"),
    [
        (["analyze"], {}, 2, "either a FILE or --sentence"),
        (["analyze", "/no/such/file"], {}, 2, "does not exist"),
        (["status", UNKNOWN], {}, 2, "--token or FNA_BATCH_TOKEN"),
        (["status", UNKNOWN, "--token", "t", "--url", "http://127.0.0.1:1"], {}, 1, "cannot be reached"),
        (["status", "../x", "--token", "t"], {}, 2, "valid UUID"),
        (["status", UNKNOWN, "--token", "tökén"], {}, 2, "no token has"),
        (["token", "--user", UNKNOWN, "--tier", "Pro", "--hours", "inf"], {}, 2, "--hours"),
        (["audit", "history", UNKNOWN, "--as-of", "0001-01-01"], {}, 1, "knows no batch"),
        (["serve"], {"rate_limits": "nojson"}, 2, "rate_limits"),
        (["serve"], {"heartbeat_timeout_s": "inf"}, 2, "FNA_BATCH_HEARTBEAT_TIMEOUT_S"),
        (["token", "--user", "me", "--tier", "Pro"], {}, 2, "UUID"),
        (["serve"], {"port": "99999"}, 2, "FNA_BATCH_PORT"),
        (["serve"], {"jwt_secret": "short"}, 2, "shorter than 32"),
        (["serve"], {"batch_limits": '{"Basic": 3}'}, 2, "FNA_BATCH_BATCH_LIMITS"),
        (["audit", "verify"], {"database_url": NOT_THERE}, 1, "cannot be used"),
        (["migrate"], {"database_url": NOT_THERE}, 1, "cannot be used"),
        (["nonsense"], {}, 2, "No such command"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_errors_are_one_line_and_an_exit_code(
    run: Run, arguments: list[str], settings: dict[str, str], code: int, told: str
) -> None:
    done = run(*arguments, **settings)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert [line for line in done.stderr.splitlines() if not line.startswith("{")] == [done.stderr.splitlines()[-1]]
    assert done.stderr.splitlines()[-1].startswith("fna-batch: ")


def test_serve_with_a_database_and_no_secret_refuses_and_says_why(run_alone: Run, database: Database) -> None:
    done = run_alone("serve", jwt_secret="")
    assert done.returncode == 2
    assert "FNA_BATCH_JWT_SECRET" in done.stderr


def test_serve_on_a_database_that_was_never_migrated_refuses(run_alone: Run, server: str) -> None:
    done = run_alone("serve", database_url=server)
    assert done.returncode == 1
    assert "fna-batch migrate" in done.stderr


def test_demo_shows_successes_failures_events_and_the_verdict(run_alone: Run, tmp_path: Path) -> None:
    done = run_alone("demo")
    assert done.returncode == 0, done.stderr
    assert "PARTIALLY_COMPLETED, 5 of 8 analysed" in done.stdout
    for shown in ("UNSUPPORTED_LANGUAGE", "NO_NARRATIVE_TEXT", "CORRUPTED_FILE", "Finished", "1 batch verified"):
        assert shown in done.stdout
    empty = tmp_path / "empty.html"
    empty.write_text("<html></html>")
    assert run_alone("demo", str(empty)).returncode == 1
    good = run_alone("demo", str(SAMPLES / "good"))
    assert "COMPLETED, 5 of 5 analysed" in good.stdout
    assert "3 batches verified" in good.stdout


def test_nothing_secret_is_printed_or_logged(run_alone: Run, database: Database) -> None:
    url = "postgresql://someone:hunter2secret@127.0.0.1:1/nothing"
    for arguments in (["audit", "verify"], ["doctor"], ["migrate"]):
        done = run_alone(*arguments, database_url=url, log_level="DEBUG")
        assert "hunter2secret" not in done.stdout + done.stderr
