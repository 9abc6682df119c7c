"""Whatever is done to the log by who may do everything is found, online and offline, and named."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from adapters.ed25519 import Ed25519Signer
from application.audit.findings import DamageFound
from application.audit.proofs import RootMismatch
from application.audit.signed_notes import Checkpoint, opened, public_key, sign
from application.errors import CannotSeal, SealedAlready
from application.log import NO_HASH, StoredEvent, with_hash
from application.operator_actions import ActionKind, OperatorAction
from domain import commands
from entrypoints.container import Container, Database
from tests.support.batches import (
    ATTRIBUTION,
    all_findings,
    checked_offline,
    export_lines,
    finished_batch,
    metadata_of,
    started_batch,
    submitted_batch,
)
from tests.support.builders import new_id

Superuser = psycopg.Connection[dict[str, Any]]


@dataclass
class Crime:
    """A sealed log, and somebody who may do everything to it."""

    container: Container
    superuser: Superuser
    victim: UUID
    running: UUID
    kept: str = ""

    def execute(self, statement: str, *values: object) -> None:
        assert self.superuser.execute(statement.encode(), values).rowcount, "nothing was tampered with"

    def stream(self) -> list[StoredEvent]:
        columns = "batch_id, version, type, schema_version, data, metadata, recorded_at, previous_hash, hash"
        statement = f"SELECT {columns} FROM batch_events WHERE batch_id = %s ORDER BY version"
        return [StoredEvent(**row) for row in self.superuser.execute(statement.encode(), [self.victim])]

    def rewrite(self) -> Sequence[StoredEvent]:
        """The victim's whole chain anew, with another analysis: in itself it is sound."""
        previous, chain = NO_HASH, []
        for event in self.stream():
            data = dict(event.data) | ({"duration_ms": 99} if event.type == "ReportSucceeded" else {})
            chain.append(with_hash(replace(event, data=data, previous_hash=previous)))
            previous = chain[-1].hash
            self.execute(
                "UPDATE batch_events SET data = %s, previous_hash = %s, hash = %s WHERE batch_id = %s AND version = %s",
                Jsonb(data),
                chain[-1].previous_hash,
                previous,
                event.batch_id,
                event.version,
            )
        return chain


@pytest.fixture
async def crime(container: Container, database: Database) -> Any:
    victim = await finished_batch(container, reports=2)
    await container.sealer().seal()
    running = await started_batch(container)
    await finished_batch(container)
    async with container.operator_storage().transaction() as tx:
        await container.record()(
            tx, ActionKind.CLEANUP, ATTRIBUTION, {"before": "2026-01-01T00:00:00.000000Z", "rows": 0}
        )
    await container.sealer().seal()
    await submitted_batch(container)
    await container.sealer().seal()
    with psycopg.connect(database.admin_url, autocommit=True, row_factory=dict_row) as superuser:
        superuser.execute("SET session_replication_role = replica")
        last = await container.sealed_log().latest()
        assert last is not None
        yield Crime(container, superuser, victim, running, last.note)


def change_an_event(crime: Crime) -> None:
    crime.execute(
        "UPDATE batch_events SET data = jsonb_set(data, '{duration_ms}', '99') WHERE batch_id = %s AND version = 4",
        crime.victim,
    )


def change_who_did_it(crime: Crime) -> None:
    crime.execute(
        "UPDATE batch_events SET metadata = jsonb_set(metadata, '{actor}', '\"worker:x\"') WHERE batch_id = %s",
        crime.victim,
    )


def change_when_it_was(crime: Crime) -> None:
    crime.execute(
        "UPDATE batch_events SET recorded_at = recorded_at - INTERVAL '1 day' WHERE batch_id = %s", crime.victim
    )


def rewrite_a_chain(crime: Crime) -> None:
    crime.rewrite()


def rewrite_a_chain_and_its_seals(crime: Crime) -> None:
    for event in crime.rewrite():
        crime.execute(
            "UPDATE sealed_entries SET entry = %s WHERE batch_id = %s AND version = %s",
            event.hash,
            event.batch_id,
            event.version,
        )


def insert_an_event(crime: Crime) -> None:
    """A second start of the running batch, properly chained, at a place that was sealed long ago."""
    columns = "batch_id, version, type, schema_version, data, metadata, recorded_at, previous_hash, hash"
    statement = f"SELECT {columns} FROM batch_events WHERE batch_id = %s ORDER BY version DESC LIMIT 1"
    head = StoredEvent(**crime.superuser.execute(statement.encode(), [crime.running]).fetchone() or {})
    forged = with_hash(replace(head, version=head.version + 1, previous_hash=head.hash))
    crime.execute(
        "INSERT INTO batch_events (batch_id, version, type, schema_version, data, metadata, recorded_at, "
        "previous_hash, hash, transaction_id) SELECT %s, %s, %s, 1, %s, %s, %s, %s, %s, min(transaction_id) "
        "FROM batch_events",
        forged.batch_id,
        forged.version,
        forged.type,
        Jsonb(forged.data),
        Jsonb(forged.metadata),
        forged.recorded_at,
        forged.previous_hash,
        forged.hash,
    )
    crime.execute("UPDATE batch_jobs SET version = 3 WHERE batch_id = %s", crime.running)


def reorder_events(crime: Crime) -> None:
    crime.superuser.execute("ALTER TABLE batch_events ALTER COLUMN position DROP IDENTITY")
    crime.execute(
        "UPDATE batch_events AS e SET position = o.position, transaction_id = o.transaction_id FROM batch_events AS o "
        "WHERE e.batch_id = o.batch_id AND e.batch_id = %s AND e.version + o.version = 7 AND e.version IN (3, 4)",
        crime.victim,
    )


def swap_versions(crime: Crime) -> None:
    crime.execute(
        "UPDATE batch_events SET version = 107 - version WHERE batch_id = %s AND version IN (3, 4)", crime.victim
    )
    crime.execute("UPDATE batch_events SET version = version - 100 WHERE batch_id = %s AND version > 100", crime.victim)


def remove_an_event(crime: Crime) -> None:
    crime.execute("DELETE FROM batch_events WHERE batch_id = %s AND version = 3", crime.victim)


def cut_a_tail(crime: Crime) -> None:
    crime.execute("DELETE FROM batch_events WHERE batch_id = %s AND version >= 3", crime.victim)
    crime.execute(
        "UPDATE batch_jobs SET status = 'PROCESSING', results = '[]', successful = 0, failed = 0, version = 2, "
        "processed_at = NULL WHERE batch_id = %s",
        crime.victim,
    )


def remove_a_batch(crime: Crime) -> None:
    crime.execute("DELETE FROM batch_events WHERE batch_id = %s", crime.victim)
    crime.execute("DELETE FROM batch_jobs WHERE batch_id = %s", crime.victim)


def remove_a_batch_and_its_seals(crime: Crime) -> None:
    remove_a_batch(crime)
    crime.execute("DELETE FROM sealed_entries WHERE batch_id = %s", crime.victim)


def remove_a_batch_and_close_the_ranks(crime: Crime) -> None:
    remove_a_batch_and_its_seals(crime)
    crime.execute("UPDATE sealed_entries SET leaf_index = leaf_index - 5")


def change_an_act(crime: Crime) -> None:
    crime.execute("UPDATE audit_acts SET reason = 'another'")


def remove_an_act(crime: Crime) -> None:
    crime.execute("DELETE FROM audit_acts")


def rewrite_a_checkpoint(crime: Crime) -> None:
    """Its root fits a changed log, but the key is the forger's."""
    (row,) = crime.superuser.execute("SELECT note FROM checkpoints ORDER BY tree_size LIMIT 1").fetchall()
    forger = Ed25519Signer("fna-batch", bytes(32))
    text = row["note"].rpartition("\n\n")[0] + "\n"
    crime.execute("UPDATE checkpoints SET note = %s WHERE note = %s", sign(text, forger), row["note"])


def remove_a_checkpoint(crime: Crime) -> None:
    crime.execute("DELETE FROM checkpoints WHERE previous_size IS NULL")
    crime.execute(
        "UPDATE checkpoints SET previous_size = NULL WHERE tree_size = (SELECT min(tree_size) FROM checkpoints)"
    )


def remove_the_latest_checkpoint(crime: Crime) -> None:
    crime.execute("DELETE FROM checkpoints WHERE tree_size = (SELECT max(tree_size) FROM checkpoints)")


def break_json(crime: Crime) -> None:
    deep = "[" * 3000 + "]" * 3000
    crime.execute(
        "UPDATE batch_events SET data = jsonb_set(data, '{x}', %s::jsonb) WHERE batch_id = %s AND version = 4",
        deep,
        crime.victim,
    )


def break_a_number(crime: Crime) -> None:
    crime.execute(
        "UPDATE batch_events SET data = jsonb_set(data, '{x}', to_jsonb(1e400 + 0.5)) "
        "WHERE batch_id = %s AND version = 4",
        crime.victim,
    )


def clean_up_to_no_day(crime: Crime) -> None:
    """An act that nothing can read: it excuses nothing, and disturbs nobody."""
    crime.superuser.execute("ALTER TABLE audit_acts DROP CONSTRAINT acts_say_what_they_did")
    forged_act("cleanup", '{"before": "8999-19-39T29:59:59.000000Z"}')(crime)


def name_the_nil_batch(crime: Crime) -> None:
    crime.execute("UPDATE batch_events SET batch_id = %s WHERE batch_id = %s", UUID(int=0), crime.victim)


def far_leaf(crime: Crime) -> None:
    """An event that was inserted at an old place gets a leaf where nobody looks."""
    insert_an_event(crime)
    crime.execute(
        "INSERT INTO sealed_entries SELECT 1000000000, batch_id, version, NULL, hash FROM batch_events "
        "WHERE batch_id = %s AND version = 3",
        crime.running,
    )


LONG_AGO, NOW, FAR_AWAY = "1", "", "9000000000000"


def forged_act(kind: str, data: str, transaction: str = LONG_AGO, *, fits: bool = True) -> Callable[[Crime], None]:
    """It excuses what was removed, and stands where no checkpoint will ever cover it, or its hash does not fit."""

    def commit(crime: Crime) -> None:
        above = UUID(int=crime.victim.int + 1)
        said = data.replace("VICTIM", str(crime.victim)).replace("OWNER", owner_of(crime)).replace("ABOVE", str(above))
        act = OperatorAction(
            act_id=new_id(),
            kind=kind,
            actor="operator:x",
            reason="x",
            data=json.loads(said),
            recorded_at=datetime.now(UTC),
        )
        crime.execute(
            "INSERT INTO audit_acts (act_id, kind, actor, reason, data, recorded_at, transaction_id, hash) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            act.act_id,
            act.kind,
            act.actor,
            act.reason,
            Jsonb(act.data),
            act.recorded_at,
            transaction or str(crime.superuser.execute("SELECT pg_current_xact_id() AS id").fetchall()[0]["id"]),
            act.computed_hash() if fits else bytes(32),
        )
        crime.execute("DELETE FROM batch_jobs WHERE batch_id = %s", crime.victim)
        if kind == "archive":
            crime.execute("DELETE FROM batch_events WHERE batch_id = %s", crime.victim)

    commit.__name__ = f"forged_act_of_{kind}" + {LONG_AGO: "", NOW: "_now", FAR_AWAY: "_in_the_future"}[transaction]
    return commit


def owner_of(crime: Crime) -> str:
    return str(crime.stream()[0].data["user_id"])


def move_the_cursor(crime: Crime) -> None:
    crime.execute("UPDATE checkpoints SET position = position + 1000000 WHERE previous_size IS NULL")


def change_when_it_was_sealed(crime: Crime) -> None:
    crime.execute("UPDATE checkpoints SET sealed_at = sealed_at - INTERVAL '1 day' WHERE previous_size IS NULL")


def hide_in_the_future(crime: Crime) -> None:
    insert_an_event(crime)
    crime.execute(
        "UPDATE batch_events SET transaction_id = '9000000000000' WHERE batch_id = %s AND version = 3", crime.running
    )


def add_a_subtree(crime: Crime) -> None:
    crime.execute("INSERT INTO tree_nodes VALUES (8, 0, sha256('another'))")


def duplicate_a_checkpoint(crime: Crime) -> None:
    """A second row for the first checkpoint, in a table of its own; then a later batch is rewritten with its leaves."""
    crime.superuser.execute("CREATE TABLE more (LIKE checkpoints INCLUDING CONSTRAINTS)")
    crime.superuser.execute("ALTER TABLE more INHERIT checkpoints")
    crime.execute(
        "INSERT INTO more SELECT tree_size, previous_size, note, sealed_at, '9000000000000', position "
        "FROM checkpoints WHERE previous_size IS NULL"
    )
    crime.execute(
        "UPDATE sealed_entries SET entry = sha256('another') "
        "WHERE leaf_index = (SELECT max(leaf_index) FROM sealed_entries)"
    )


def seal_at_no_time(crime: Crime) -> None:
    crime.superuser.execute("ALTER TABLE checkpoints DROP CONSTRAINT sealed_in_our_era")
    crime.execute("UPDATE checkpoints SET sealed_at = 'infinity' WHERE previous_size IS NULL")


def act_at_no_time(crime: Crime) -> None:
    crime.superuser.execute("ALTER TABLE audit_acts DROP CONSTRAINT acts_in_our_era")
    crime.execute("UPDATE audit_acts SET recorded_at = '0044-03-15 BC'")


def nest_without_end(crime: Crime) -> None:
    crime.execute(
        "UPDATE batch_events SET data = jsonb_set(data, '{x}', (repeat('[', 900) || repeat(']', 900))::jsonb) "
        "WHERE batch_id = %s AND version = 4",
        crime.victim,
    )


CLEANED = '{"before": "2999-01-01T00:00:00.000000Z"}'
ERASED = '{"user_id": "OWNER", "batch_ids": ["VICTIM"]}'
CRIMES: list[tuple[Callable[[Crime], None], str]] = [
    (change_an_event, "version 4: its content does not match its hash"),
    (change_who_did_it, "version 1: its content does not match its hash"),
    (change_when_it_was, "version 2: its content does not match its hash"),
    (rewrite_a_chain, "version 4: it is not the event that a checkpoint covers"),
    (rewrite_a_chain_and_its_seals, "checkpoint 5: its root does not match: entries 0 to 4"),
    (insert_an_event, "version 3: no checkpoint covers it, although later events are covered"),
    (reorder_events, "a checkpoint covers it in another order"),
    (swap_versions, "version 3: it does not link"),
    (remove_an_event, "version 3: a checkpoint covers the event, but the event is missing"),
    (cut_a_tail, "version 5: a checkpoint covers the event, but the event is missing"),
    (remove_a_batch, "version 1: a checkpoint covers the event, but the event is missing"),
    (remove_a_batch_and_its_seals, "leaf 0 of the tree is missing"),
    (remove_a_batch_and_close_the_ranks, "checkpoint 5: its root does not match"),
    (change_an_act, "it is not the action that a checkpoint covers"),
    (remove_an_act, "a checkpoint covers the action, but the action is missing"),
    (rewrite_a_checkpoint, "checkpoint 5: it proves nothing"),
    (remove_a_checkpoint, "it does not follow the checkpoint before it"),
    (remove_the_latest_checkpoint, "no checkpoint covers 1 leaves"),
    (break_json, "version 4: its content does not match its hash"),
    (far_leaf, "no checkpoint covers 1 leaves"),
    (break_a_number, "version 4: its content does not match its hash"),
    (nest_without_end, "version 4: its content does not match its hash"),
    (duplicate_a_checkpoint, "checkpoint 5: it does not follow the checkpoint before it"),
    (duplicate_a_checkpoint, "its root does not match"),
    (seal_at_no_time, "checkpoint 5: its row names another time"),
    (act_at_no_time, "it is not the action that a checkpoint covers"),
    (forged_act("cleanup", CLEANED), "batch_jobs has no row for it"),
    (forged_act("erase", ERASED), "batch_jobs has no row for it"),
    (
        forged_act("archive", '{"before": "ffffffff-ffff-7fff-bfff-ffffffffffff", "size": 99, "events": 5}'),
        "version 1: a checkpoint covers the event, but the event is missing",
    ),
    (forged_act("cleanup", CLEANED, FAR_AWAY), "batch_jobs has no row for it"),
    (forged_act("erase", ERASED, FAR_AWAY), "batch_jobs has no row for it"),
    (
        forged_act("archive", '{"before": "ABOVE", "size": 5, "events": 5}', FAR_AWAY),
        "version 1: a checkpoint covers the event, but the event is missing",
    ),
    (forged_act("cleanup", CLEANED, FAR_AWAY), "its transaction has not started"),
    (forged_act("cleanup", CLEANED, NOW, fits=False), "batch_jobs has no row for it"),
    (forged_act("erase", ERASED, NOW, fits=False), "batch_jobs has no row for it"),
    (
        forged_act("archive", '{"before": "ABOVE", "size": 5, "events": 5}', NOW, fits=False),
        "version 1: a checkpoint covers the event, but the event is missing",
    ),
    (clean_up_to_no_day, "batch_jobs has no row for it"),
    (move_the_cursor, "checkpoint 5: its row names another position"),
    (change_when_it_was_sealed, "checkpoint 5: its row names another time"),
    (hide_in_the_future, "version 3: its transaction has not started"),
    (add_a_subtree, "and 1 subtrees"),
    (name_the_nil_batch, "batch 00000000-0000-0000-0000-000000000000 version 1"),
]
ONLINE_ONLY = {
    insert_an_event,
    reorder_events,
    remove_the_latest_checkpoint,
    far_leaf,
    move_the_cursor,
    change_when_it_was_sealed,
    seal_at_no_time,
    hide_in_the_future,
    add_a_subtree,
    clean_up_to_no_day,
    *(commit for commit, _ in CRIMES if commit.__name__.startswith(("forged_act_of_cleanup", "forged_act_of_erase"))),
}
"""What an export, which holds what is sealed in the order it was sealed in, does not show without a kept checkpoint."""


@pytest.mark.parametrize(("commit", "told"), CRIMES, ids=lambda value: getattr(value, "__name__", ""))
async def test_tampering_is_found_and_named(crime: Crime, commit: Callable[[Crime], None], told: str) -> None:
    assert await all_findings(crime.container, [crime.kept]) == []
    commit(crime)
    found = list(map(str, await all_findings(crime.container)))
    assert any(told in each for each in found), found


@pytest.mark.parametrize("commit", [commit for commit, _ in CRIMES], ids=lambda value: value.__name__)
async def test_tampering_is_found_offline_by_a_verifier_of_others(
    crime: Crime, commit: Callable[[Crime], None]
) -> None:
    keys = [str(public_key(crime.container.signer()))]
    untouched = [json.dumps(line) for line in await export_lines(crime.container)]
    assert checked_offline(untouched, keys, [crime.kept]) == []
    commit(crime)
    kept = [crime.kept] if commit is remove_the_latest_checkpoint else []
    found = checked_offline([json.dumps(line) for line in await export_lines(crime.container)], keys, kept)
    assert bool(found) is (commit not in ONLINE_ONLY or bool(kept)), found


async def test_a_place_far_off_accuses_no_neighbour(crime: Crime) -> None:
    """One event is moved behind everything that its checkpoint covers: the events after it stand where they stood."""
    crime.superuser.execute("ALTER TABLE batch_events ALTER COLUMN position DROP IDENTITY")
    crime.execute("UPDATE batch_events SET position = 10000 WHERE batch_id = %s AND version = 4", crime.victim)
    crime.execute("UPDATE batch_events SET transaction_id = '1' WHERE batch_id = %s AND version = 1", crime.running)
    accused = {
        (found.batch_id, found.version) for found in await all_findings(crime.container) if "order" in found.problem
    }
    assert accused == {(crime.victim, 4), (crime.running, 1)}


def forgotten(crime: Crime) -> None:
    """As on a machine that remembers nothing."""
    Path(crime.container.witness().location).unlink()


async def test_a_database_that_was_rolled_back_is_found_by_a_kept_checkpoint(crime: Crime) -> None:
    """All that came after the first checkpoint never happened, and the service has gone on since."""
    for statement in (
        "DELETE FROM checkpoints WHERE previous_size IS NOT NULL",
        "DELETE FROM sealed_entries WHERE leaf_index >= 5",
        "DELETE FROM batch_events WHERE batch_id NOT IN (SELECT batch_id FROM sealed_entries)",
        "DELETE FROM batch_jobs WHERE batch_id NOT IN (SELECT batch_id FROM sealed_entries)",
        "DELETE FROM busy_reports",
        "DELETE FROM audit_acts",
    ):
        crime.execute(statement)
    assert await all_findings(crime.container) == []
    (found,) = await all_findings(crime.container, [crime.kept])
    assert "the database was rolled back" in str(found)

    for _ in range(4):
        await finished_batch(crime.container, reports=2)
    with pytest.raises(CannotSeal, match="the database was rolled back"):
        await crime.container.sealer().seal()
    forgotten(crime)
    await crime.container.sealer().seal()
    assert await all_findings(crime.container) == []
    (found,) = await all_findings(crime.container, [crime.kept])
    assert "does not begin with what this kept checkpoint signed" in str(found)


async def test_who_has_no_key_gets_nothing_signed_anew(crime: Crime) -> None:
    """All that proves the log is removed, and a chain rewritten: the service itself would sign it again."""
    for table in ("checkpoints", "sealed_entries", "tree_nodes"):
        crime.superuser.execute(f"DELETE FROM {table}".encode())
    crime.rewrite()
    with pytest.raises(CannotSeal, match="checkpoints were removed"):
        await crime.container.sealer().seal()
    assert crime.superuser.execute("SELECT FROM checkpoints").fetchall() == []


async def test_a_log_that_was_rewritten_as_a_whole_with_another_key_is_found(crime: Crime) -> None:
    """Every chain, every seal and every checkpoint is sound in itself."""
    forger = Ed25519Signer("fna-batch", bytes(32))
    crime.execute("DELETE FROM checkpoints")
    crime.execute("DELETE FROM sealed_entries")
    resealing = Container(settings=crime.container.settings(), database_url=crime.container.database_url())
    resealing.signer.override(forger)
    async with resealing.pool():
        await resealing.sealer().seal_all()
        assert await all_findings(resealing) == []
    found = await all_findings(crime.container)
    assert any("None of the trusted keys has signed it" in str(each) for each in found)


async def test_nothing_is_written_over_an_end_that_was_cut_off(crime: Crime) -> None:
    cut_a_tail(crime)
    with pytest.raises(DamageFound, match="the event is missing"):
        await crime.container.explain_batch()(crime.victim)
    with pytest.raises(DamageFound):
        await crime.container.redispatch()(crime.victim, ATTRIBUTION)
    start = commands.Start(worker_id="another", max_attempts=3)
    with pytest.raises(SealedAlready, match="audit verify"):
        await crime.container.handler().handle(crime.victim, start, metadata_of(crime.victim))
    history = await crime.container.batch_audit().history(crime.victim)
    assert history.job is None
    assert {finding.version for finding in history.damage} >= {3, 4, 5}


async def test_a_batch_that_was_removed_is_not_said_to_have_never_been(crime: Crime) -> None:
    remove_a_batch(crime)
    history = await crime.container.batch_audit().history(crime.victim)
    assert (history.job, history.events) == (None, [])
    assert {finding.version for finding in history.damage} == {1, 2, 3, 4, 5}


async def test_nothing_is_signed_that_was_written_behind_the_back_of_the_log(crime: Crime) -> None:
    owner = UUID(owner_of(crime))
    assert (await crime.container.receipts()(owner, crime.victim)).inclusion
    change_when_it_was(crime)
    with pytest.raises(DamageFound):
        await crime.container.receipts()(owner, crime.victim)


async def test_nothing_is_signed_whose_leaf_was_rewritten_as_well(crime: Crime) -> None:
    """In itself the chain is sound, and its leaves say the same: the root that was signed does not."""
    rewrite_a_chain_and_its_seals(crime)
    with pytest.raises(RootMismatch):
        await crime.container.receipts()(UUID(owner_of(crime)), crime.victim)
    with pytest.raises(RootMismatch):
        await crime.container.proofs().inclusion(crime.victim, 4)


async def test_a_sample_notices_that_leaves_were_rewritten(crime: Crime) -> None:
    rewrite_a_chain_and_its_seals(crime)
    assert list(await crime.container.batch_audit().batch(crime.victim)) == []
    found = await crime.container.tree_audit().batch(crime.victim)
    assert 4 in {each.version for each in found}
    assert {each.batch_id for each in found} == {crime.victim}


@pytest.mark.parametrize("commit", [break_a_number, nest_without_end, act_at_no_time])
async def test_what_no_program_can_hold_stops_no_reader(crime: Crime, commit: Callable[[Crime], None]) -> None:
    commit(crime)
    async with crime.container.storage().transaction() as tx:
        assert len(await tx.events.log((0, 0), 99)) == 12
    assert len(await crime.container.sealed_log().actions(after=None, limit=9)) == 1


@pytest.mark.parametrize("commit", [remove_a_batch, rewrite_a_chain])
async def test_an_archive_does_not_excuse_what_was_done_before_it(
    crime: Crime, commit: Callable[[Crime], None]
) -> None:
    commit(crime)
    before_it_ran = datetime.fromtimestamp((crime.running.int >> 80) / 1000, UTC)
    with pytest.raises(DamageFound):
        await crime.container.archive()(before_it_ran, ATTRIBUTION, lambda _: None, digest=lambda: "")
    assert [act.kind for act, _ in await crime.container.sealed_log().actions(after=None, limit=9)] == ["cleanup"]


async def test_what_was_sealed_already_is_named_and_the_rest_can_be_exported(crime: Crime) -> None:
    crime.execute("UPDATE batch_events SET transaction_id = pg_current_xact_id() WHERE batch_id = %s", crime.victim)
    with pytest.raises(CannotSeal, match=str(crime.victim)):
        await crime.container.sealer().seal()
    assert len(await export_lines(crime.container)) > 1


async def test_nobody_seals_on_top_of_what_does_not_fit(crime: Crime) -> None:
    crime.execute("UPDATE sealed_entries SET entry = sha256('another') WHERE leaf_index = 0")
    await submitted_batch(crime.container)
    with pytest.raises(CannotSeal, match="audit verify"):
        await crime.container.sealer().seal()


async def test_a_checkpoint_says_what_was_signed(crime: Crime) -> None:
    """The shape that others' tools read (C2SP tlog-checkpoint)."""
    text = opened(crime.kept, crime.container.sealer().trusted, crime.container.verifies())
    checkpoint = Checkpoint.parse(text)
    assert text.splitlines()[:2] == ["fna-batch", str(checkpoint.size)]
    assert checkpoint.previous != bytes(32)
