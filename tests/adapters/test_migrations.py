"""Alembic brings the schema up to date: from the root or through `migrate`, also from several processes at once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql as psql
from psycopg.conninfo import make_conninfo

from adapters.postgres.migrations import migrate, newest_revision, revision_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def empty(server: str) -> Iterator[str]:
    """The URL of a database without any table."""
    name = f"empty_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(psql.SQL("CREATE DATABASE {}").format(psql.Identifier(name)))
        yield make_conninfo(server, dbname=name)
        connection.execute(psql.SQL("DROP DATABASE {} WITH (FORCE)").format(psql.Identifier(name)))


def test_migrating_brings_an_empty_database_to_the_newest_revision(empty: str) -> None:
    assert revision_of(empty) is None
    migrate(empty)
    assert revision_of(empty) == newest_revision()
    migrate(empty)


def test_concurrent_migrations_do_not_disturb_each_other(empty: str) -> None:
    command = [sys.executable, "-c", f"from adapters.postgres.migrations import migrate; migrate({empty!r})"]

    def run(_: int) -> int:
        return subprocess.run(command, cwd=ROOT, check=False).returncode

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(run, range(4))) == [0, 0, 0, 0]
    assert revision_of(empty) == newest_revision()


def test_alembic_works_from_the_root(empty: str) -> None:
    environment = {**os.environ, "FNA_BATCH_DATABASE_URL": empty}
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    assert revision_of(empty) == newest_revision()


def test_alembic_without_a_database_url_names_the_setting() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FNA_BATCH")}
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode != 0
    assert "Set FNA_BATCH_DATABASE_URL" in done.stderr


def test_the_statements_of_the_platform_guide_work_unchanged(empty: str) -> None:
    migrate(empty)
    with psycopg.connect(empty) as connection:
        for statement in GUIDE:
            connection.execute(statement)


A, B = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"
GUIDE = (
    f"SELECT batch_id, status, total_reports, successful, failed FROM batch_jobs WHERE batch_id = '{A}'".encode(),
    f"SELECT id, processing_status FROM financial_reports WHERE id IN ('{A}', '{B}')".encode(),
    b"SELECT batch_id, status, total_reports, successful, failed, created_at FROM batch_jobs "
    b"WHERE status IN ('PENDING', 'PROCESSING') ORDER BY created_at DESC",
    b"SELECT status, COUNT(*) AS count, AVG(total_reports) AS avg_reports, AVG(successful) AS avg_successful "
    b"FROM batch_jobs WHERE created_at > NOW() - INTERVAL '24 hours' GROUP BY status",
    b"DELETE FROM batch_jobs WHERE status IN ('COMPLETED', 'FAILED') AND processed_at < NOW() - INTERVAL '30 days'",
)
