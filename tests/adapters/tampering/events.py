"""Crimes against the events of batches."""

from dataclasses import replace
from uuid import UUID

from psycopg.types.json import Jsonb

from application.log import with_hash
from tests.adapters.tampering.scene import COLUMNS, CrimeScene


def change_the_data(scene: CrimeScene) -> None:
    scene.execute(
        "UPDATE batch_events SET data = jsonb_set(data, '{duration_ms}', '99') WHERE batch_id = %s AND version = 4",
        scene.victim,
    )


def change_the_actor(scene: CrimeScene) -> None:
    scene.execute(
        "UPDATE batch_events SET metadata = jsonb_set(metadata, '{actor}', '\"worker:x\"') WHERE batch_id = %s",
        scene.victim,
    )


def change_the_time(scene: CrimeScene) -> None:
    scene.execute(
        "UPDATE batch_events SET recorded_at = recorded_at - INTERVAL '1 day' WHERE batch_id = %s", scene.victim
    )


def rewrite_a_stream(scene: CrimeScene) -> None:
    scene.rewrite_victim()


def rewrite_a_stream_and_its_leaves(scene: CrimeScene) -> None:
    for event in scene.rewrite_victim():
        scene.execute(
            "UPDATE sealed_entries SET entry = %s WHERE batch_id = %s AND version = %s",
            event.hash,
            event.batch_id,
            event.version,
        )


def insert_an_event(scene: CrimeScene) -> None:
    """Start the running batch a second time, properly linked, at a position that a checkpoint already covers."""
    head = scene.stream(scene.running)[-1]
    forged = with_hash(replace(head, version=head.version + 1, previous_hash=head.hash))
    scene.execute(
        f"INSERT INTO batch_events ({COLUMNS}, transaction_id) "
        "SELECT %s, %s, %s, 1, %s, %s, %s, %s, %s, min(transaction_id) FROM batch_events",
        forged.batch_id,
        forged.version,
        forged.type,
        Jsonb(forged.data),
        Jsonb(forged.metadata),
        forged.recorded_at,
        forged.previous_hash,
        forged.hash,
    )
    scene.execute("UPDATE batch_jobs SET version = 3 WHERE batch_id = %s", scene.running)


def insert_an_event_with_a_leaf_far_away(scene: CrimeScene) -> None:
    """Give the inserted event a leaf that no checkpoint reaches."""
    insert_an_event(scene)
    scene.execute(
        "INSERT INTO sealed_entries SELECT 1000000000, batch_id, version, NULL, hash FROM batch_events "
        "WHERE batch_id = %s AND version = 3",
        scene.running,
    )


def insert_an_event_of_a_transaction_that_has_not_started(scene: CrimeScene) -> None:
    insert_an_event(scene)
    scene.execute(
        "UPDATE batch_events SET transaction_id = '9000000000000' WHERE batch_id = %s AND version = 3", scene.running
    )


def reorder_events(scene: CrimeScene) -> None:
    """Exchange the global positions of versions 3 and 4."""
    scene.alter("ALTER TABLE batch_events ALTER COLUMN position DROP IDENTITY")
    scene.execute(
        "UPDATE batch_events AS e SET position = o.position, transaction_id = o.transaction_id FROM batch_events AS o "
        "WHERE e.batch_id = o.batch_id AND e.batch_id = %s AND e.version + o.version = 7 AND e.version IN (3, 4)",
        scene.victim,
    )


def exchange_versions(scene: CrimeScene) -> None:
    """Exchange versions 3 and 4."""
    scene.execute(
        "UPDATE batch_events SET version = 107 - version WHERE batch_id = %s AND version IN (3, 4)", scene.victim
    )
    scene.execute("UPDATE batch_events SET version = version - 100 WHERE batch_id = %s AND version > 100", scene.victim)


def remove_an_event(scene: CrimeScene) -> None:
    scene.execute("DELETE FROM batch_events WHERE batch_id = %s AND version = 3", scene.victim)


def remove_the_last_events(scene: CrimeScene) -> None:
    """Leave a sound stream of two events, and a row that fits it."""
    scene.execute("DELETE FROM batch_events WHERE batch_id = %s AND version >= 3", scene.victim)
    scene.execute(
        "UPDATE batch_jobs SET status = 'PROCESSING', results = '[]', successful = 0, failed = 0, version = 2, "
        "processed_at = NULL WHERE batch_id = %s",
        scene.victim,
    )


def remove_a_batch(scene: CrimeScene) -> None:
    scene.execute("DELETE FROM batch_events WHERE batch_id = %s", scene.victim)
    scene.execute("DELETE FROM batch_jobs WHERE batch_id = %s", scene.victim)


def remove_a_batch_and_its_leaves(scene: CrimeScene) -> None:
    remove_a_batch(scene)
    scene.execute("DELETE FROM sealed_entries WHERE batch_id = %s", scene.victim)


def remove_a_batch_and_renumber_the_leaves(scene: CrimeScene) -> None:
    remove_a_batch_and_its_leaves(scene)
    scene.execute("UPDATE sealed_entries SET leaf_index = leaf_index - 5")


def give_a_batch_the_nil_id(scene: CrimeScene) -> None:
    scene.execute("UPDATE batch_events SET batch_id = %s WHERE batch_id = %s", UUID(int=0), scene.victim)


def nest_json_beyond_the_decoder(scene: CrimeScene) -> None:
    scene.execute(
        "UPDATE batch_events SET data = jsonb_set(data, '{x}', %s::jsonb) WHERE batch_id = %s AND version = 4",
        "[" * 3000 + "]" * 3000,
        scene.victim,
    )


def nest_json_beyond_the_encoder(scene: CrimeScene) -> None:
    scene.execute(
        "UPDATE batch_events SET data = jsonb_set(data, '{x}', (repeat('[', 900) || repeat(']', 900))::jsonb) "
        "WHERE batch_id = %s AND version = 4",
        scene.victim,
    )


def write_a_number_beyond_floats(scene: CrimeScene) -> None:
    scene.execute(
        "UPDATE batch_events SET data = jsonb_set(data, '{x}', to_jsonb(1e400 + 0.5)) "
        "WHERE batch_id = %s AND version = 4",
        scene.victim,
    )
