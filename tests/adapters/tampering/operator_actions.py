"""Crimes against operator actions, above all forged ones that would excuse what was removed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from psycopg.types.json import Jsonb

from application.operator_actions import OperatorAction
from tests.adapters.tampering.scene import CrimeScene
from tests.support.builders import new_id


def change_an_action(scene: CrimeScene) -> None:
    scene.execute("UPDATE audit_acts SET reason = 'another'")


def remove_an_action(scene: CrimeScene) -> None:
    scene.execute("DELETE FROM audit_acts")


def date_an_action_before_christ(scene: CrimeScene) -> None:
    scene.alter("ALTER TABLE audit_acts DROP CONSTRAINT acts_in_our_era")
    scene.execute("UPDATE audit_acts SET recorded_at = '0044-03-15 BC'")


def forge_a_cleanup_on_no_day(scene: CrimeScene) -> None:
    """Forge an action whose instant does not exist: it excuses nothing, and aborts no read."""
    scene.alter("ALTER TABLE audit_acts DROP CONSTRAINT acts_say_what_they_did")
    forged_action("cleanup", '{"before": "8999-19-39T29:59:59.000000Z"}')(scene)


class Transaction(StrEnum):
    """The transaction that a forged action claims to be from."""

    LONG_AGO = "1"
    """Below the latest checkpoint, so that no later one will cover the action."""
    NOW = "now"
    NOT_STARTED = "9000000000000"


CLEANUP = '{"before": "2999-01-01T00:00:00.000000Z"}'
ERASURE = '{"user_id": "OWNER", "batch_ids": ["VICTIM"]}'
ARCHIVE = '{"before": "ABOVE", "size": 5, "events": 5}'
ARCHIVE_OF_ALL_IDS = '{"before": "ffffffff-ffff-7fff-bfff-ffffffffffff", "size": 99, "events": 5}'


def forged_action(
    kind: str, data: str, transaction: Transaction = Transaction.LONG_AGO, *, hash_fits: bool = True
) -> Callable[[CrimeScene], None]:
    """Return the crime that removes the victim, and inserts an action that would excuse it.

    `data` is JSON, in which VICTIM, ABOVE and OWNER stand for the victim's id, the id after it, and its user.
    """

    def commit(scene: CrimeScene) -> None:
        above = UUID(int=scene.victim.int + 1)
        filled_in = data
        for word, value in (("VICTIM", scene.victim), ("ABOVE", above), ("OWNER", scene.owner)):
            filled_in = filled_in.replace(word, str(value))
        action = OperatorAction(
            act_id=new_id(),
            kind=kind,
            actor="operator:x",
            reason="x",
            data=json.loads(filled_in),
            recorded_at=datetime.now(UTC),
        )
        insert(scene, action, transaction, action.computed_hash() if hash_fits else bytes(32))
        scene.execute("DELETE FROM batch_jobs WHERE batch_id = %s", scene.victim)
        if kind == "archive":
            scene.execute("DELETE FROM batch_events WHERE batch_id = %s", scene.victim)

    wrong_hash = "" if hash_fits else "_with_a_wrong_hash"
    commit.__name__ = f"forge_an_action_of_{kind}_{transaction.name.lower()}{wrong_hash}"
    return commit


def insert(scene: CrimeScene, action: OperatorAction, transaction: Transaction, hash_: bytes) -> None:
    transaction_id: str = transaction
    if transaction is Transaction.NOW:
        transaction_id = str(scene.superuser.execute("SELECT pg_current_xact_id() AS id").fetchall()[0]["id"])
    scene.execute(
        "INSERT INTO audit_acts (act_id, kind, actor, reason, data, recorded_at, transaction_id, hash) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        action.act_id,
        action.kind,
        action.actor,
        action.reason,
        Jsonb(action.data),
        action.recorded_at,
        transaction_id,
        hash_,
    )
