"""docs/retention.md as it stands: the log in partitions, an old one moved into a file, and everything verifies."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from application.audit.signed_notes import receipt as receipt_text
from application.audit.signed_notes import sign
from application.errors import UnknownToTheLog, WrongExpectedVersion
from application.operations.archive import first_id_of
from entrypoints.container import Container, Database, inspect, migrate
from tests.support.batches import (
    all_findings,
    archive_before,
    checked_offline,
    clean_up,
    finished_batch,
    started_batch,
    tree_findings,
    trusted_key,
)
from tests.support.builders import stream_of
from tests.support.command_line import command_runner
from tests.support.database import execute_as_superuser, owner_connection, service_connection

DOCUMENT = Path(__file__).parents[2] / "docs" / "retention.md"
INTO_PARTITIONS, MOVE_OUT = re.findall(r"```sql\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
PARTITIONS = ("batch_events", "batch_events_before_2027", "batch_events_2027_01", "batch_events_later")


def partition(database: Database, bound: datetime) -> None:
    """Execute the document's statements, with `bound` for the year 2027."""
    statements = INTO_PARTITIONS.replace("2027-01-01Z", bound.isoformat())
    statements = statements.replace("2027-02-01Z", (bound + timedelta(days=1)).isoformat())
    with owner_connection(database) as owner:
        owner.execute(statements.encode())
    migrate(database.admin_url)


async def test_a_partitioned_log_goes_on(container: Container, database: Database) -> None:
    before = await started_batch(container, reports=2)
    await finished_batch(container)
    await container.sealer().seal()
    partition(database, datetime.now(UTC) + timedelta(hours=1))
    await finished_batch(container)
    batch, _ = await container.handler().read(before)
    assert batch.attempt == 1
    await container.sealer().seal_all()
    assert await tree_findings(container) == []


async def test_a_partitioned_log_refuses_what_a_plain_one_refuses(container: Container, database: Database) -> None:
    partition(database, datetime.now(UTC) + timedelta(hours=1))
    stream = stream_of("Submitted", "Started")
    async with container.storage().transaction() as tx:
        assert await tx.events.append([stream]) == [None]
        (taken,) = await tx.events.append([stream[1:]])
        (gap,) = await tx.events.append([stream_of("Started", "Started", after=stream[1])[1:]])
    assert isinstance(taken, WrongExpectedVersion)
    assert isinstance(gap, WrongExpectedVersion)
    with service_connection(database) as service:
        for part in PARTITIONS:
            for statement in ("DELETE FROM {}", "UPDATE {} SET version = 9", "TRUNCATE {}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    service.execute(statement.format(part).encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            service.execute("INSERT INTO batch_events_before_2027 (batch_id) SELECT gen_random_uuid()")
    with owner_connection(database) as owner:
        for part in PARTITIONS:
            with pytest.raises(psycopg.DatabaseError, match="append-only"):
                owner.execute(f"DELETE FROM {part}".encode())
        assert inspect(database.url, 10).triggers_off == 0
        owner.execute("DROP TRIGGER batch_events_are_append_only ON batch_events_later")
        assert inspect(database.url, 10).triggers_off == 1


async def test_old_batches_move_into_a_file_and_everything_still_verifies(
    container: Container, database: Database, tmp_path: Path
) -> None:
    old = await finished_batch(container, reports=2)
    bound = datetime.now(UTC)
    partition(database, bound)
    young = await finished_batch(container)
    receipt = await receipt_of(container, old)
    with owner_connection(database) as owner:
        owner.execute("DELETE FROM batch_jobs WHERE batch_id = %s", [old])
    await clean_up(container)
    archived = await archive_before(container, bound)
    assert old < archived.before < young

    run, file = command_runner(database, tmp_path), tmp_path / "log.jsonl"
    done = run("audit", "archive", str(file), "--before", bound.isoformat(), "--reason", "the law", "--json")
    assert done.returncode == 0, done.stderr
    keys = [trusted_key(container)]
    assert checked_offline(file.read_text().splitlines(), keys) == []
    move_out(database)

    assert await all_findings(container) == []
    assert (await container.proofs().inclusion(old, 1)).leaf_index == 0
    with pytest.raises(UnknownToTheLog, match="moved into an archive file"):
        await container.batch_audit().history(old)
    with pytest.raises(UnknownToTheLog, match="moved into an archive file"):
        await container.explain_batch()(old)
    replayed = run("audit", "replay", "--projector", "application.read_model:project")
    assert (replayed.returncode, replayed.stdout) == (0, "1 batch replayed, 0 would differ.\n")
    lines = run("audit", "export", "-").stdout.splitlines()
    assert checked_offline(lines, keys, receipts=[receipt]) == []
    in_file = [record["archived"]["batch_id"] for record in map(json.loads, lines) if "archived" in record]
    assert in_file == [str(old)] * 5
    assert checked_offline(lines, keys) == []

    execute_as_superuser(database, f"DELETE FROM batch_events WHERE batch_id = '{young}'")
    assert {finding.batch_id for finding in await all_findings(container)} == {young}
    broken = run("audit", "export", "-").stdout.splitlines()
    assert any(str(young) in wrong for wrong in checked_offline(broken, keys))


async def receipt_of(container: Container, batch_id: UUID) -> str:
    submitted = (await container.batch_audit().history(batch_id)).events[0]
    text = receipt_text("fna-batch", batch_id, submitted.hash, submitted.recorded_at)
    return sign(text, container.signer())


def move_out(database: Database) -> None:
    """Execute the document's statements, each on its own."""
    with owner_connection(database) as owner:
        for statement in MOVE_OUT.strip().split(";\n"):
            owner.execute(statement.encode())


async def test_code_and_database_compute_the_same_bound(database: Database) -> None:
    with owner_connection(database) as owner:
        for moment in (datetime(2026, 3, 3, 12, 0, 0, 123456, UTC), datetime(2027, 1, 1, tzinfo=UTC)):
            assert owner.execute("SELECT first_batch_id(%s)", [moment]).fetchone() == (first_id_of(moment),)
