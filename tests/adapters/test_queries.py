"""Every statement in `sql/queries` can be prepared against the real schema, and some adapter uses it."""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from uuid import UUID

import pytest

from entrypoints.container import Database
from tests.conftest import new_database
from tests.support.database import owner_connection, superuser_connection

QUERIES = sorted(file.name.removesuffix(".sql") for file in (files("sql") / "queries").iterdir())
ROOT = Path(__file__).parents[2]
NOT_PREPARABLE = {"listen", "create_database", "create_service_user", "create_shadow", "drop_shadow", "analyze_shadow"}
"""Utility statements, which PostgreSQL does not prepare."""


@pytest.fixture(scope="module")
def schema(server: str, template: str) -> Iterator[Database]:
    """One database for all statements: to prepare a statement changes nothing."""
    with new_database(server, template) as database:
        yield database


@pytest.mark.parametrize("name", [name for name in QUERIES if name not in NOT_PREPARABLE])
def test_the_statement_can_be_prepared(schema: Database, name: str) -> None:
    text = (files("sql") / "queries" / f"{name}.sql").read_text()
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)[sb]", text)))
    numbered = re.sub(r"%\((\w+)\)[sb]", lambda match: f"${names.index(match[1]) + 1}", text)
    with owner_connection(schema) as owner:
        owner.execute((files("sql") / "queries" / "create_shadow.sql").read_bytes())
        owner.execute(f"PREPARE this AS {numbered}".encode())


@pytest.mark.parametrize("name", QUERIES)
def test_the_file_has_one_statement_and_an_adapter_uses_it(name: str) -> None:
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
def test_the_last_batch_of_a_report_is_found_through_an_index(database: Database, name: str) -> None:
    """Reading the log backwards would take ever longer, since the report may be far from its end."""
    first = UUID("00000000-0000-7000-8000-000000000001")
    parameters = {"batch_ids": [first], "batch_id": first, "report_ids": [first], "statuses": ["PENDING"]}
    with superuser_connection(database) as superuser:
        superuser.execute(MANY_EVENTS.encode())
        superuser.execute("ANALYZE batch_events")
        text = b"EXPLAIN " + (files("sql") / "queries" / f"{name}.sql").read_bytes()
        plan = "\n".join(row[0] for row in superuser.execute(text, parameters))
    assert "batch_events_of_report" in plan
    assert "batch_events_in_commit_order" not in plan
