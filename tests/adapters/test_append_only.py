"""The log, and what proves it, can only be appended to: triggers stop the owner, privileges stop the service."""

from uuid import UUID

import psycopg
import pytest

from tests.support.database import Connection
from tests.support.event_rows import APPEND_ONLY, FORBIDDEN, refused

CHANGES = [
    "UPDATE batch_events SET type = 'Finished'",
    "DELETE FROM batch_events",
    "TRUNCATE batch_events",
]


@pytest.mark.parametrize("change", CHANGES)
def test_changes_by_the_owner_are_refused_by_a_trigger(owner: Connection, batch: UUID, change: str) -> None:
    with refused(APPEND_ONLY):
        owner.execute(change.encode())


@pytest.mark.parametrize(
    "change", [*CHANGES, "ALTER TABLE batch_events DISABLE TRIGGER ALL", "DROP TABLE batch_events"]
)
def test_changes_by_the_service_are_refused_by_its_privileges(app: Connection, batch: UUID, change: str) -> None:
    with refused(FORBIDDEN):
        app.execute(change.encode())


PROOFS = {"audit_acts": "kind", "sealed_entries": "entry", "tree_nodes": "hash", "checkpoints": "note"}
"""A column of each table that proves the log."""


@pytest.mark.parametrize("table", PROOFS)
@pytest.mark.parametrize("change", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "UPDATE {} SET {column} = {column}"])
def test_operator_actions_leaves_and_checkpoints_cannot_be_changed(
    owner: Connection, app: Connection, table: str, change: str
) -> None:
    statement = change.format(table, column=PROOFS[table]).encode()
    with refused(APPEND_ONLY):
        owner.execute(statement)
    with refused(FORBIDDEN):
        app.execute(statement)


def test_checkpoints_are_one_chain(app: Connection) -> None:
    add = "INSERT INTO checkpoints VALUES (%s, %s, 'note', now(), '1', 1)"
    app.execute(add, [5, None])
    app.execute(add, [7, 5])
    for size, previous in ((9, None), (9, 5), (9, 6), (6, 7), (7, 7), (0, None)):
        with pytest.raises(psycopg.errors.IntegrityError):
            app.execute(add, [size, previous])
    app.execute(add, [9, 7])
