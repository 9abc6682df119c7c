"""Crimes against checkpoints and the tree that they sign."""

from adapters.ed25519 import Ed25519Signer
from application.audit.signed_notes import sign
from tests.adapters.tampering.scene import CrimeScene

FORGER = Ed25519Signer("fna-batch", bytes(32))
"""A key of the right name that nobody trusts."""


def sign_a_checkpoint_with_another_key(scene: CrimeScene) -> None:
    (row,) = scene.superuser.execute("SELECT note FROM checkpoints ORDER BY tree_size LIMIT 1").fetchall()
    text = row["note"].rpartition("\n\n")[0] + "\n"
    scene.execute("UPDATE checkpoints SET note = %s WHERE note = %s", sign(text, FORGER), row["note"])


def remove_the_first_checkpoint(scene: CrimeScene) -> None:
    scene.execute("DELETE FROM checkpoints WHERE previous_size IS NULL")
    scene.execute(
        "UPDATE checkpoints SET previous_size = NULL WHERE tree_size = (SELECT min(tree_size) FROM checkpoints)"
    )


def remove_the_latest_checkpoint(scene: CrimeScene) -> None:
    scene.execute("DELETE FROM checkpoints WHERE tree_size = (SELECT max(tree_size) FROM checkpoints)")


def duplicate_a_checkpoint(scene: CrimeScene) -> None:
    """Add a second row for the first checkpoint through a table that inherits; then rewrite the last leaf."""
    scene.alter("CREATE TABLE more (LIKE checkpoints INCLUDING CONSTRAINTS)")
    scene.alter("ALTER TABLE more INHERIT checkpoints")
    scene.execute(
        "INSERT INTO more SELECT tree_size, previous_size, note, sealed_at, '9000000000000', position "
        "FROM checkpoints WHERE previous_size IS NULL"
    )
    scene.execute(
        "UPDATE sealed_entries SET entry = sha256('another') "
        "WHERE leaf_index = (SELECT max(leaf_index) FROM sealed_entries)"
    )


def move_the_position_of_a_checkpoint(scene: CrimeScene) -> None:
    scene.execute("UPDATE checkpoints SET position = position + 1000000 WHERE previous_size IS NULL")


def change_the_time_of_a_checkpoint(scene: CrimeScene) -> None:
    scene.execute("UPDATE checkpoints SET sealed_at = sealed_at - INTERVAL '1 day' WHERE previous_size IS NULL")


def date_a_checkpoint_at_infinity(scene: CrimeScene) -> None:
    scene.alter("ALTER TABLE checkpoints DROP CONSTRAINT sealed_in_our_era")
    scene.execute("UPDATE checkpoints SET sealed_at = 'infinity' WHERE previous_size IS NULL")


def add_a_subtree(scene: CrimeScene) -> None:
    scene.execute("INSERT INTO tree_nodes VALUES (8, 0, sha256('another'))")
