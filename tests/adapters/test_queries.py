"""Every statement in `sql/queries` fits the real schema, and each is used."""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from entrypoints.container import Database
from tests.conftest import new_database

QUERIES = sorted(file.name.removesuffix(".sql") for file in (files("sql") / "queries").iterdir())
ROOT = Path(__file__).parents[2]
NOT_PREPARABLE = {"listen", "create_database", "create_service_user", "create_shadow", "drop_shadow", "analyze_shadow"}
"""Utility statements, which PostgreSQL does not prepare."""


@pytest.fixture(scope="module")
def schema(server: str, template: str) -> Iterator[Database]:
    """One database for all of them: preparing leaves nothing behind."""
    with new_database(server, template) as database:
        yield database


@pytest.mark.parametrize("name", [name for name in QUERIES if name not in NOT_PREPARABLE])
def test_the_statement_can_be_prepared(schema: Database, name: str) -> None:
    text = (files("sql") / "queries" / f"{name}.sql").read_text()
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)[sb]", text)))
    numbered = re.sub(r"%\((\w+)\)[sb]", lambda match: f"${names.index(match[1]) + 1}", text)
    with psycopg.connect(schema.admin_url) as connection:
        connection.execute((files("sql") / "queries" / "create_shadow.sql").read_bytes())
        connection.execute(f"PREPARE this AS {numbered}".encode())


@pytest.mark.parametrize("name", QUERIES)
def test_the_statement_is_used_and_is_one(name: str) -> None:
    using = (*(ROOT / "adapters").rglob("*.py"), ROOT / "sql" / "migrations" / "env.py")
    source = "".join(file.read_text() for file in using)
    assert f'query("{name}")' in source or f'"{name}"' in source
    assert ";" not in (files("sql") / "queries" / f"{name}.sql").read_text()


MANY_EVENTS = """
    INSERT INTO batch_events (batch_id, version, type, schema_version, data, metadata, recorded_at, previous_hash, hash)
    SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 1, 'Submitted', 1,
           jsonb_build_object('user_id', gen_random_uuid(), 'report_ids', jsonb_build_array(gen_random_uuid())),
           '{}', now(), decode(repeat('00', 32), 'hex'), sha256(n::text::bytea)
    FROM generate_series(1, 30000) AS n"""


@pytest.mark.parametrize("name", ["audited_reports", "restore_report_statuses"])
def test_which_batch_had_a_report_last_is_looked_up_not_searched_for(database: Database, name: str) -> None:
    """However long the log is: its end may be far from where the report was."""
    first = UUID("00000000-0000-7000-8000-000000000001")
    asked = {"batch_ids": [first], "batch_id": first, "report_ids": [first], "statuses": ["PENDING"]}
    with psycopg.connect(database.admin_url, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute(MANY_EVENTS.encode())
        owner.execute("ANALYZE batch_events")
        text = b"EXPLAIN " + (files("sql") / "queries" / f"{name}.sql").read_bytes()
        plan = "\n".join(row[0] for row in owner.execute(text, asked))
    assert "batch_events_of_report" in plan
    assert "batch_events_in_commit_order" not in plan
