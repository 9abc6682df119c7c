"""The schema is what `tests/fixtures/schema.txt` records, and a released migration is never edited.

The text was taken from the schema that nine migrations gave before the first release. One thing differs: the baseline
validates the three constraints that were NOT VALID (two of `audit_acts`, one of `checkpoints`).
"""

from pathlib import Path

import psycopg

from entrypoints.container import Database

TESTS = Path(__file__).parents[1]
SCHEMA = TESTS / "fixtures" / "schema.txt"
CATALOGUE = TESTS / "support" / "catalogue.sql"


def test_a_migrated_database_has_the_recorded_schema(database: Database, tmp_path: Path) -> None:
    with psycopg.connect(database.admin_url, options="-c TimeZone=UTC -c search_path=public") as connection:
        rows = connection.execute(CATALOGUE.read_bytes()).fetchall()
    found = "".join(f"{description}\n" for (description,) in rows)
    (tmp_path / SCHEMA.name).write_text(found)
    assert found == SCHEMA.read_text(), f"to record this change of the schema: cp {tmp_path / SCHEMA.name} {SCHEMA}"
