"""Wrong use ends with 2, a bad answer with 1: one line on stderr that names the remedy, and no traceback."""

from uuid import uuid4

import pytest

from entrypoints.container import Database
from tests.support.command_line import UNREACHABLE, Run

UNKNOWN = "00000000-0000-0000-0000-000000000001"


def as_command(value: object) -> str | None:
    return " ".join(map(str, value)) if isinstance(value, list) else None


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "message"),
    [
        (["analyze"], {}, 2, "either a FILE or --sentence"),
        (["analyze", "/no/such/file"], {}, 2, "does not exist"),
        (["status", UNKNOWN], {}, 2, "--token or FNA_BATCH_TOKEN"),
        (["status", UNKNOWN, "--token", "t", "--url", "http://127.0.0.1:1"], {}, 1, "cannot be reached"),
        (["status", "../x", "--token", "t"], {}, 2, "valid UUID"),
        (["status", UNKNOWN, "--token", "tökén"], {}, 2, "no token has"),
        (["token", "--user", UNKNOWN, "--tier", "Pro", "--hours", "inf"], {}, 2, "--hours"),
        (["token", "--user", "me", "--tier", "Pro"], {}, 2, "UUID"),
        (["audit", "history", UNKNOWN, "--as-of", "0001-01-01"], {}, 1, "knows no batch"),
        (["serve"], {"rate_limits": "nojson"}, 2, "rate_limits"),
        (["serve"], {"heartbeat_timeout_s": "inf"}, 2, "FNA_BATCH_HEARTBEAT_TIMEOUT_S"),
        (["serve"], {"port": "99999"}, 2, "FNA_BATCH_PORT"),
        (["serve"], {"jwt_secret": "short"}, 2, "shorter than 32"),
        (["serve"], {"batch_limits": '{"Basic": 3}'}, 2, "FNA_BATCH_BATCH_LIMITS"),
        (["audit", "verify"], {"database_url": UNREACHABLE}, 1, "cannot be used"),
        (["migrate"], {"database_url": UNREACHABLE}, 1, "cannot be used"),
        (["nonsense"], {}, 2, "No such command"),
    ],
    ids=as_command,
)
def test_an_error_is_one_line_on_stderr_and_an_exit_code(
    run: Run, arguments: list[str], settings: dict[str, str], code: int, message: str
) -> None:
    done = run(*arguments, **settings)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    *_, last_line = done.stderr.splitlines()
    assert [line for line in done.stderr.splitlines() if not line.startswith("{")] == [last_line]
    assert last_line.startswith("fna-batch: ")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["cleanup", "--older-than", "soon"], 2, "30d, 12h or 4w"),
        (["cleanup", "--older-than", "-1d"], 2, "30d, 12h or 4w"),
        (["cleanup", "--older-than", "9999999d"], 2, "30d, 12h or 4w"),
        (["cleanup"], 2, "older-than"),
        (["erase", "--user", UNKNOWN], 2, "reason"),
        (["erase", "--user", UNKNOWN, "--reason", "jane@example.com"], 2, "without an @"),
        (["erase", "--user", UNKNOWN, "--reason", "x" * 201], 2, "200"),
        (["erase", "--user", UNKNOWN, "--reason", "ok", "--actor", "jane@example.com"], 2, "--actor"),
        (["erase", "--user", UNKNOWN, "--reason", "unknown user"], 0, ""),
        (["redispatch", UNKNOWN, "--reason", "x"], 1, "knows no batch"),
        (["explain", UNKNOWN], 1, "knows no batch"),
        (["audit", "prove"], 2, "Name either a batch"),
        (["audit", "prove", UNKNOWN], 1, "has no version 1"),
        (["audit", "prove", "--since", "7"], 1, "covers anything"),
        (["audit", "replay", "--projector", "nonsense"], 2, "module:name"),
        (["audit", "replay", "--projector", "no.such:thing"], 2, "module:name"),
        (["audit", "verify", "--checkpoint", "/no/such/file"], 2, "does not exist"),
        (["audit", "archive", "x.jsonl", "--before", "2020-01-01"], 2, "reason"),
        (["audit", "archive", "x.jsonl", "--before", "1960-01-01", "--reason", "x"], 2, "no batches before"),
        (["audit", "archive", "/no/such/x.jsonl", "--before", "2020-01-01", "--reason", "x"], 2, "cannot be written"),
        (["audit", "rebuild", "--batch", UNKNOWN], 1, "knows no batch"),
        (["audit", "acts"], 0, ""),
    ],
    ids=as_command,
)
def test_commands_of_operators_and_auditors_refuse_wrong_use_and_accept_an_empty_log(
    run: Run, arguments: list[str], code: int, message: str
) -> None:
    done = run(*arguments)
    assert (done.returncode, message in done.stderr, "Traceback" in done.stderr) == (code, True, False), done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("signing_key", "short"),
        ("trusted_keys", '["nonsense"]'),
        ("log_name", "with space"),
        ("seal_every_s", "0"),
        ("metrics_port", "99999"),
    ],
)
def test_an_invalid_setting_is_named(run: Run, name: str, value: str) -> None:
    done = run("stats", **{name: value})
    assert done.returncode == 2
    assert f"FNA_BATCH_{name.upper()}" in done.stderr


def test_the_history_of_an_unknown_batch_is_an_error_without_output(run: Run) -> None:
    shown = run("audit", "history", str(uuid4()))
    assert (shown.returncode, shown.stdout) == (1, "")
    assert "knows no batch" in shown.stderr


def test_serve_refuses_a_database_without_a_secret(run_alone: Run, database: Database) -> None:
    done = run_alone("serve", jwt_secret="")
    assert done.returncode == 2
    assert "FNA_BATCH_JWT_SECRET" in done.stderr


def test_serve_refuses_a_database_without_migrations_and_names_the_command_to_run(run_alone: Run, server: str) -> None:
    done = run_alone("serve", database_url=server)
    assert done.returncode == 1
    assert "fna-batch migrate" in done.stderr
