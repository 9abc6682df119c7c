"""The commands of audit and repair: what they print, and that they end with 0, 1 or 2 and never with a traceback."""

import json
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from domain import commands
from entrypoints.container import Container, Database
from tests.support.batches import (
    ATTRIBUTION,
    checked_offline,
    finished_batch,
    metadata_of,
    started_batch,
    submitted_batch,
)
from tests.support.builders import new_id
from tests.support.command_line import Run
from tests.support.database import execute_as_superuser
from tests.support.offline_verifier import verify_proof

UNKNOWN = "00000000-0000-0000-0000-000000000001"


async def test_checkpoint_key_prove_and_export_fit_together(container: Container, run: Run, tmp_path: Path) -> None:
    assert run("audit", "checkpoint").stderr.startswith("fna-batch: The log is empty")
    batch_id = await finished_batch(container)
    first = run("audit", "checkpoint").stdout
    key = run("audit", "key").stdout.strip()
    assert json.loads(run("audit", "checkpoint", "--json").stdout) == {"note": first, "public_key": key}
    proof = json.loads(run("audit", "prove", str(batch_id), "--version", "2").stdout)
    assert (proof["leaf_index"], proof["checkpoint"]) == (1, first)
    started = json.loads(run("audit", "history", str(batch_id), "--json").stdout)["events"][1]["hash"]
    assert verify_proof.proven(proof, [key], started) == "it is entry 1 of the log of 4"
    await finished_batch(container)
    assert run("audit", "checkpoint").returncode == 0
    grown = json.loads(run("audit", "prove", "--since", "4").stdout)
    assert grown["old"] == first
    assert verify_proof.proven(grown, [key]) == "the log of 8 entries begins with that of 4"
    file = tmp_path / "log.jsonl"
    exported = run("audit", "export", str(file))
    assert (exported.returncode, "8 entries written" in exported.stderr) == (0, True)
    assert checked_offline(file.read_text().splitlines(), [key], [first]) == []
    assert not (tmp_path / "log.jsonl.part").exists()
    assert run("audit", "export", str(tmp_path / "no" / "folder")).returncode == 2
    assert "log.jsonl exists" in run("audit", "export", str(file)).stderr
    wrong_use = run("audit", "verify", "--checkpoint", str(file))
    assert (wrong_use.returncode, "log.jsonl does not hold a signed checkpoint" in wrong_use.stderr) == (2, True)
    kept = tmp_path / "kept.json"
    kept.write_text(json.dumps({"note": first, "public_key": key}))
    verified = run("audit", "verify", "--json", "--checkpoint", str(kept))
    assert verified.returncode == 0, verified.stdout
    assert json.loads(verified.stdout)["sealed"] == 8
    kept.write_text(first.replace("\n4\n", "\n3\n"))
    forged = run("audit", "verify", "--checkpoint", str(kept))
    assert (forged.returncode, "a kept checkpoint proves nothing" in forged.stdout) == (1, True)


async def test_explain_says_who_what_when_and_what_to_run(container: Container, database: Database, run: Run) -> None:
    waiting, running, done = (
        await submitted_batch(container),
        await started_batch(container),
        await finished_batch(container),
    )
    told = run("explain", str(waiting)).stdout
    assert f"Batch {waiting} is PENDING, set by Submitted (version 1, " in told
    assert "Reports without an outcome: 1; the next one: no attempt yet." in told
    assert "The next free worker claims the batch" in told
    assert "To act now: fna-batch worker" in told

    with psycopg.connect(database.admin_url) as connection:
        holder = "UPDATE pgqueuer SET status = 'picked', queue_manager_id = gen_random_uuid() WHERE dedupe_key = %s"
        connection.execute(holder, [str(running)])
    told = run("explain", str(running)).stdout
    assert "is PROCESSING, set by Started (version 2, " in told
    assert "Worker w has held it since " in told
    assert "attempt 1, 2 left" in told
    assert "if its heartbeats stop, another worker takes over. By " in told
    assert f"fna-batch redispatch {running} --reason" in told
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("UPDATE pgqueuer SET heartbeat = now() - INTERVAL '1 hour'")
    assert "sends no heartbeat any more" in run("explain", str(running)).stdout
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("DELETE FROM pgqueuer")
    assert "is not in the queue" in run("explain", str(running)).stdout

    found = json.loads(run("explain", str(done), "--json").stdout)
    assert (found["status"], found["set_by"]["type"], found["reports_left"]) == ("FAILED", "Finished", 0)
    assert found["command"] == f"fna-batch retry {done}"


async def test_explain_says_where_a_finished_batch_has_gone(container: Container, run: Run) -> None:
    cleaned, erased = await finished_batch(container), await finished_batch(container)
    async for _ in container.retention().clean(timedelta(0), ATTRIBUTION):
        pass
    told = run("explain", str(cleaned)).stdout
    assert "Retention removed its row from batch_jobs: a status request needs as_of." in told
    assert f"To act now: fna-batch retry {cleaned}" in told
    owner = (await container.batch_audit().history(erased)).events[0].data["user_id"]
    assert run("erase", "--user", owner, "--reason", "Article 17").returncode == 0
    told = run("explain", str(erased)).stdout
    assert "its owner's data was erased" in told
    assert "To act now" not in told


async def test_explain_says_what_was_changed_by_hand(container: Container, database: Database, run: Run) -> None:
    running, done = await submitted_batch(container), await finished_batch(container)
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("DELETE FROM pgqueuer")
        connection.execute("UPDATE batch_jobs SET status = 'COMPLETED'")
    told = run("explain", str(running)).stdout
    assert "But batch_jobs.status is COMPLETED, the log says PENDING." in told
    assert f"To act now: fna-batch audit rebuild --batch {running}" in told
    told = run("explain", str(done)).stdout
    assert "But batch_jobs.status is COMPLETED, the log says FAILED." in told
    assert f"To act now: fna-batch audit rebuild --batch {done}" in told
    assert len(json.loads(run("explain", str(done), "--json").stdout)["drift"]) == 1


async def test_explain_says_when_the_attempts_are_spent(container: Container, database: Database, run: Run) -> None:
    batch_id, most = await submitted_batch(container), container.settings().max_attempts
    for number in range(most):
        start = commands.Start(worker_id=f"w{number}", max_attempts=most)
        await container.handler().handle(batch_id, start, metadata_of(new_id()))
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("UPDATE pgqueuer SET status = 'picked', queue_manager_id = gen_random_uuid()")
    assert "the next holder fails it as ANALYSIS_CRASHED" in run("explain", str(batch_id)).stdout


async def test_acts_that_are_not_what_was_recorded_are_told(container: Container, database: Database, run: Run) -> None:
    await finished_batch(container)
    assert run("audit", "rebuild").returncode == 0
    assert run("audit", "acts").returncode == 0
    execute_as_superuser(database, "UPDATE audit_acts SET reason = 'nothing to see'")
    told = run("audit", "acts")
    assert (told.returncode, "its content does not match its hash" in told.stdout) == (1, True)


async def test_an_archive_of_nothing_is_refused(container: Container, run: Run, tmp_path: Path) -> None:
    await finished_batch(container)
    told = run("audit", "archive", str(tmp_path / "x.jsonl"), "--before", "2020-01-01", "--reason", "x")
    assert (told.returncode, "nothing to archive" in told.stderr) == (1, True)
    assert run("audit", "acts").stdout == ""


async def test_verify_tells_how_much_no_checkpoint_covers(container: Container, run: Run) -> None:
    batch_id = await finished_batch(container)
    assert "No checkpoint covers 4 events yet, the oldest of " in run("audit", "verify").stdout
    assert run("audit", "checkpoint").returncode == 0
    assert "No checkpoint covers" not in run("audit", "verify").stdout
    assert run("audit", "verify", "--batch", str(batch_id)).returncode == 0


async def test_redispatch_takes_the_batch_from_its_holder_and_is_recorded(
    container: Container, database: Database, run: Run
) -> None:
    batch_id, done = await started_batch(container), await finished_batch(container)
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("UPDATE pgqueuer SET status = 'picked', queue_manager_id = gen_random_uuid()")
    why = ("--reason", "its machine hangs", "--actor", "night.shift")
    assert run("redispatch", str(batch_id), *why).returncode == 0
    with psycopg.connect(database.admin_url) as connection:
        entry = "SELECT status::text, queue_manager_id FROM pgqueuer WHERE dedupe_key = %s"
        assert connection.execute(entry, [str(batch_id)]).fetchall() == [("queued", None)]
        acts = connection.execute("SELECT kind, actor, reason, data FROM audit_acts").fetchall()
    assert acts == [("redispatch", "operator:night.shift", "its machine hangs", {"batch_id": str(batch_id)})]
    told = run("redispatch", str(done), *why)
    assert (told.returncode, "has finished" in told.stderr) == (1, True)


async def test_stats_count_what_there_is(container: Container, run: Run) -> None:
    await submitted_batch(container)
    await finished_batch(container)
    seen = json.loads(run("stats", "--json").stdout)
    assert (seen["pending"], seen["failed"], seen["waiting_in_queue"], seen["submitted_in_24_hours"]) == (1, 1, 2, 2)
    assert "pending" in run("stats").stdout


async def test_repair_of_one_batch(container: Container, database: Database, run: Run) -> None:
    batch_id = await finished_batch(container)
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("UPDATE batch_jobs SET failed = 7")
    told = run("audit", "rebuild", "--batch", str(batch_id), "--reason", "as the ticket says")
    assert (told.returncode, "batch_jobs.failed is 7, the log says 1\nRepaired." in told.stdout) == (0, True)
    assert run("audit", "rebuild", "--batch", str(batch_id)).stdout == "Nothing had to be repaired.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["cleanup", "--older-than", "soon"], 2, "30d, 12h or 4w"),
        (["cleanup", "--older-than", "-1d"], 2, "30d, 12h or 4w"),
        (["cleanup", "--older-than", "9999999d"], 2, "30d, 12h or 4w"),
        (["cleanup"], 2, "older-than"),
        (["erase", "--user", UNKNOWN], 2, "reason"),
        (["erase", "--user", UNKNOWN, "--reason", "jane@example.com"], 2, "without an @"),
        (["erase", "--user", UNKNOWN, "--reason", "x" * 201], 2, "200"),
        (["erase", "--user", UNKNOWN, "--reason", "ok", "--actor", "jane@example.com"], 2, "--actor"),
        (["erase", "--user", UNKNOWN, "--reason", "nobody"], 0, ""),
        (["redispatch", UNKNOWN, "--reason", "x"], 1, "knows no batch"),
        (["explain", UNKNOWN], 1, "knows no batch"),
        (["audit", "prove"], 2, "Name either a batch"),
        (["audit", "prove", UNKNOWN], 1, "has no version 1"),
        (["audit", "prove", "--since", "7"], 1, "covers anything"),
        (["audit", "replay", "--projector", "nonsense"], 2, "module:name"),
        (["audit", "replay", "--projector", "no.such:thing"], 2, "module:name"),
        (["audit", "verify", "--checkpoint", "/no/such/file"], 2, "does not exist"),
        (["audit", "archive", "x.jsonl", "--before", "2020-01-01"], 2, "reason"),
        (["audit", "rebuild", "--batch", UNKNOWN], 1, "knows no batch"),
        (["audit", "archive", "x.jsonl", "--before", "1960-01-01", "--reason", "x"], 2, "no batches before"),
        (["audit", "archive", "/no/such/x.jsonl", "--before", "2020-01-01", "--reason", "x"], 2, "cannot be written"),
        (["audit", "acts"], 0, ""),
    ],
)
def test_wrong_use_and_empty_answers(run: Run, arguments: list[str], code: int, told: str) -> None:
    done = run(*arguments)
    assert (done.returncode, told in done.stderr, "Traceback" in done.stderr) == (code, True, False), done.stderr


@pytest.mark.parametrize(
    "settings",
    [
        {"signing_key": "short"},
        {"trusted_keys": '["nonsense"]'},
        {"log_name": "with space"},
        {"seal_every_s": "0"},
        {"metrics_port": "99999"},
    ],
)
def test_settings_that_cannot_be_used(run: Run, settings: dict[str, str]) -> None:
    done = run("stats", **settings)
    assert done.returncode == 2
    assert f"FNA_BATCH_{next(iter(settings)).upper()}" in done.stderr


async def test_doctor_notices_that_triggers_are_off(database: Database, run: Run) -> None:
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("ALTER TABLE batch_events DISABLE TRIGGER ALL")
    told = run("doctor")
    assert (told.returncode, "BAD triggers" in told.stdout) == (1, True), told.stdout


async def test_doctor_notices_that_nobody_seals(container: Container, database: Database, run: Run) -> None:
    await finished_batch(container)
    assert run("doctor").returncode == 0
    with psycopg.connect(database.admin_url) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("UPDATE batch_events SET recorded_at = recorded_at - INTERVAL '1 hour'")
    told = run("doctor")
    assert (told.returncode, "no checkpoint covers an event that is 36" in told.stdout) == (1, True), told.stdout


async def test_doctor_notices_that_another_key_has_sealed(container: Container, run: Run) -> None:
    await finished_batch(container)
    assert run("audit", "checkpoint").returncode == 0
    assert "4 entries are covered by signed checkpoints" in run("doctor").stdout
    told = run("doctor", signing_key="07" * 32)
    assert (told.returncode, "FNA_BATCH_TRUSTED_KEYS" in told.stdout) == (1, True)
    key = json.dumps([run("audit", "key").stdout.strip()])
    assert run("doctor", signing_key="07" * 32, trusted_keys=key).returncode == 0
