"""The schema is what `tests/fixtures/schema.txt` records, and a released migration is never edited.

The text was taken from the schema that nine migrations gave before the first release. Two things differ: the baseline
validates the three constraints that were NOT VALID (two of `audit_acts`, one of `checkpoints`), and its functions word
their errors and hints differently.
"""

from difflib import unified_diff
from hashlib import sha256
from pathlib import Path

import psycopg

from entrypoints.container import Database

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "tests" / "fixtures" / "schema.txt"
DIGESTS = ROOT / "tests" / "fixtures" / "migrations.sha256"
CATALOGUE = ROOT / "tests" / "support" / "catalogue.sql"
MIGRATIONS = ROOT / "sql" / "migrations" / "versions"


def test_a_migrated_database_has_the_recorded_schema(database: Database, tmp_path: Path) -> None:
    with psycopg.connect(database.admin_url, options="-c TimeZone=UTC -c search_path=public") as connection:
        rows = connection.execute(CATALOGUE.read_bytes()).fetchall()
    found = "".join(f"{description}\n" for (description,) in rows)
    (tmp_path / SCHEMA.name).write_text(found)
    recorded = SCHEMA.read_text()
    changes = "\n".join(unified_diff(recorded.splitlines(), found.splitlines(), "recorded", "found", lineterm="", n=0))
    assert not changes, f"{changes}\nTo record this change of the schema: cp {tmp_path / SCHEMA.name} {SCHEMA}"


def test_no_released_migration_was_edited() -> None:
    edited = [name for name, digest in digests().items() if sha256((ROOT / name).read_bytes()).hexdigest() != digest]
    assert not edited, "A released migration is never edited. Restore these files and add a new migration instead."


def test_every_migration_has_a_recorded_digest() -> None:
    found = {str(file.relative_to(ROOT)) for kind in ("*.py", "*.sql") for file in MIGRATIONS.rglob(kind)}
    assert found == set(digests()), f"Record a new migration: sha256sum FILE >> {DIGESTS.relative_to(ROOT)}"


def digests() -> dict[str, str]:
    """Return the recorded SHA-256 of each migration file by its path. The file has the format of `sha256sum`."""
    lines = (line.split("  ") for line in DIGESTS.read_text().splitlines())
    return {name: digest for digest, name in lines}
