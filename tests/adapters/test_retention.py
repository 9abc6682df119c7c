"""docs/retention.md as it stands: the log in partitions, an old one moved out, and everything still verifies."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from application.archive import NotYetPast, StillRunning, first_id_of
from application.errors import UnknownToTheLog, WrongExpectedVersion
from application.notes import public_key, sign
from application.notes import receipt as receipt_text
from entrypoints.container import Container, Database, migrate
from tests.build import stream_of
from tests.command import runner
from tests.lives import WHY, checked_offline, exported, findings, finished, started, submitted

DOCS = Path(__file__).parents[2] / "docs" / "retention.md"
TO_PARTITIONS, MOVE_OUT = re.findall(r"```sql\n(.*?)```", DOCS.read_text(), re.DOTALL)


def partitioned(database: Database, bound: datetime) -> None:
    """With the bounds of the document moved to where this test is."""
    statements = TO_PARTITIONS.replace("2027-01-01Z", bound.isoformat())
    statements = statements.replace("2027-02-01Z", (bound + timedelta(days=1)).isoformat())
    with psycopg.connect(database.admin_url, autocommit=True) as owner:
        owner.execute(statements.encode())
    migrate(database.admin_url)


async def test_the_log_goes_on_in_partitions(container: Container, database: Database) -> None:
    before = await started(container, reports=2)
    await finished(container)
    await container.sealer().seal()
    partitioned(database, datetime.now(UTC) + timedelta(hours=1))
    await finished(container)
    batch, _ = await container.handler().read(before)
    assert batch.attempt == 1
    stream = stream_of("Submitted", "Started")
    async with container.storage().transaction() as tx:
        assert await tx.events.append([stream]) == [None]
        (refused,) = await tx.events.append([stream[1:]])
        (gap,) = await tx.events.append([stream_of("Started", "Started", after=stream[1])[1:]])
    assert isinstance(refused, WrongExpectedVersion)
    assert isinstance(gap, WrongExpectedVersion)
    with psycopg.connect(database.url, autocommit=True) as service:
        for statement in ("DELETE FROM batch_events", "UPDATE batch_events SET version = 9", "TRUNCATE batch_events"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                service.execute(statement.encode())
    await container.sealer().seal_all()
    problems = [problem async for _, found in container.seal_audit().verify() for problem in found]
    assert problems == []


async def test_old_batches_move_into_a_file_and_everything_still_verifies(
    container: Container, database: Database, tmp_path: Path
) -> None:
    old = await finished(container, reports=2)
    bound = datetime.now(UTC)
    partitioned(database, bound)
    young = await finished(container)
    submitted_old = (await container.audit().history(old)).events[0]
    receipt = sign(receipt_text("fna-batch", old, submitted_old.hash, submitted_old.recorded_at), container.signer())
    run, keys = runner(database, tmp_path), [str(public_key(container.signer()))]
    file = tmp_path / "log.jsonl"
    asked = ("audit", "archive", str(file), "--before", bound.strftime("%Y-%m-%dT%H:%M:%S"), "--reason", "the law")
    with psycopg.connect(database.admin_url, autocommit=True) as owner:
        owner.execute("DELETE FROM batch_jobs WHERE batch_id = %s", [old])
    async for _ in container.retention().clean(timedelta(0), WHY):
        pass
    archived = await container.archive()(bound, WHY, lambda _: None, digest=lambda: "")
    assert old < archived.before < young
    done = run(*asked, "--json")
    assert done.returncode == 0, done.stderr
    lines = file.read_text().splitlines()
    assert checked_offline(lines, keys) == []
    with psycopg.connect(database.admin_url, autocommit=True) as owner:
        for statement in MOVE_OUT.strip().split(";\n"):
            owner.execute(statement.encode())
    assert await findings(container) == []
    assert (await container.proofs().inclusion(old, 1)).leaf_index == 0
    with pytest.raises(UnknownToTheLog, match="moved into a file"):
        await container.audit().history(old)
    with pytest.raises(UnknownToTheLog, match="moved into a file"):
        await container.explain_batch()(old)
    replayed = run("audit", "replay", "--projector", "application.read_model:project")
    assert (replayed.returncode, replayed.stdout) == (0, "1 batch replayed, 0 would differ.\n")
    later = run("audit", "export", "-").stdout.splitlines()
    assert checked_offline(later, keys, receipts=[receipt]) == []
    assert [record["archived"]["batch_id"] for record in map(json.loads, later) if "archived" in record] == [
        str(old)
    ] * 5
    assert checked_offline(later, keys) == []

    with psycopg.connect(database.admin_url, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("DELETE FROM batch_events WHERE batch_id = %s", [young])
    assert {finding.batch_id for finding in await findings(container)} == {young}
    broken = run("audit", "export", "-").stdout.splitlines()
    assert any(str(young) in wrong for wrong in checked_offline(broken, keys))


async def test_what_is_unfinished_cannot_be_archived(container: Container) -> None:
    await submitted(container)
    with pytest.raises(StillRunning):
        await container.archive()(datetime.now(UTC), WHY, lambda _: None, digest=lambda: "")


async def test_what_is_still_to_come_cannot_be_archived(container: Container) -> None:
    with pytest.raises(NotYetPast):
        await container.archive()(datetime.now(UTC) + timedelta(days=1), WHY, lambda _: None, digest=lambda: "")


async def test_an_archive_excuses_nothing_that_it_does_not_hold(container: Container, database: Database) -> None:
    """A younger batch is removed, and its leaves are named as if they had been archived."""
    await finished(container)
    await container.archive()(datetime.now(UTC), WHY, lambda _: None, digest=lambda: "")
    young = await finished(container)
    await container.sealer().seal_all()
    assert await findings(container) == []
    keys = [str(public_key(container.signer()))]
    with psycopg.connect(database.admin_url, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        for table in ("batch_events", "batch_jobs"):
            owner.execute(f"DELETE FROM {table} WHERE batch_id = %s".encode(), [young])
        low = "00000000-0000-7000-8000-000000000001"
        owner.execute("UPDATE sealed_entries SET batch_id = %s WHERE batch_id = %s", [low, young])
    assert any("gone" in str(each) for each in await findings(container))
    assert checked_offline([json.dumps(line) for line in await exported(container)], keys) != []


async def test_an_archive_excuses_no_older_leaf_that_was_renamed(container: Container, database: Database) -> None:
    """The number of events that it holds is in the act: one more is one too many."""
    old = await finished(container)
    bound = datetime.now(UTC)
    young = await finished(container)
    await container.archive()(bound, WHY, lambda _: None, digest=lambda: "")
    await container.sealer().seal_all()
    assert old < first_id_of(bound) < young
    keys = [str(public_key(container.signer()))]
    with psycopg.connect(database.admin_url, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        for table in ("batch_events", "batch_jobs"):
            owner.execute(f"DELETE FROM {table} WHERE batch_id = %s".encode(), [young])
        low = "00000000-0000-7000-8000-000000000001"
        owner.execute("UPDATE sealed_entries SET batch_id = %s WHERE batch_id = %s", [low, young])
    assert any("were archived, and 8 leaves name such" in str(each) for each in await findings(container))
    wrong = checked_offline([json.dumps(line) for line in await exported(container)], keys)
    assert any("were archived, and 8 leaves name such" in each for each in wrong)


async def test_the_bound_is_the_same_in_code_and_database(database: Database) -> None:
    with psycopg.connect(database.admin_url) as connection:
        for moment in (datetime(2026, 3, 3, 12, 0, 0, 123456, UTC), datetime(2027, 1, 1, tzinfo=UTC)):
            assert connection.execute("SELECT first_batch_id(%s)", [moment]).fetchone() == (first_id_of(moment),)
