"""Every statement in `sql/queries` fits the real schema, and each is used."""

import re
from importlib.resources import files
from pathlib import Path

import psycopg
import pytest

from entrypoints.container import Database

QUERIES = sorted(file.name.removesuffix(".sql") for file in (files("sql") / "queries").iterdir())
ROOT = Path(__file__).parents[2]
NOT_PREPARABLE = {"listen", "create_database", "create_service_user", "create_aside", "drop_aside", "analyze_aside"}
"""Utility statements, which PostgreSQL does not prepare."""


@pytest.mark.parametrize("name", [name for name in QUERIES if name not in NOT_PREPARABLE])
def test_the_statement_can_be_prepared(database: Database, name: str) -> None:
    text = (files("sql") / "queries" / f"{name}.sql").read_text()
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", text)))
    numbered = re.sub(r"%\((\w+)\)s", lambda match: f"${names.index(match[1]) + 1}", text)
    with psycopg.connect(database.admin_url) as connection:
        connection.execute((files("sql") / "queries" / "create_aside.sql").read_bytes())
        connection.execute(f"PREPARE this AS {numbered}".encode())


@pytest.mark.parametrize("name", QUERIES)
def test_the_statement_is_used_and_is_one(name: str) -> None:
    using = (*(ROOT / "adapters").rglob("*.py"), ROOT / "sql" / "migrations" / "env.py")
    source = "".join(file.read_text() for file in using)
    assert f'query("{name}")' in source or f'"{name}"' in source
    assert ";" not in (files("sql") / "queries" / f"{name}.sql").read_text()
