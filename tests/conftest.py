"""A real PostgreSQL for the tests that need one, migrated once and copied for each test."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql as psql
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from adapters.embedded.server import EmbeddedPostgres
from adapters.postgres.migrations import migrate
from entrypoints.container import Container, Database
from entrypoints.settings import Settings
from tests.support.command_line import SECRET
from tests.support.running_service import Service, running

FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300")
IN_MEMORY, ENOUGH = Path("/dev/shm"), 4 << 30
"""No disk, and the bytes that must be free there: in it a database is copied in a tenth of the time."""


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The admin URL of a PostgreSQL server: FNA_BATCH_TEST_DATABASE_URL where that is set, else the embedded one."""
    given = os.environ.get("FNA_BATCH_TEST_DATABASE_URL")
    if given:
        yield given
        return
    in_memory = IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > ENOUGH
    with (
        TemporaryDirectory(dir=IN_MEMORY if in_memory else None, ignore_cleanup_errors=True) as folder,
        EmbeddedPostgres(Path(folder) / "data", FAST) as embedded,
    ):
        yield embedded.admin_url


@pytest.fixture(scope="session")
def template(server: str) -> str:
    """The name of a migrated database that is copied for each test."""
    name = f"template_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(psql.SQL("CREATE DATABASE {}").format(psql.Identifier(name)))
    migrate(_at(server, name).admin_url)
    return name


@contextmanager
def new_database(server: str, template: str) -> Iterator[Database]:
    """A migrated, empty database."""
    name = psql.Identifier(f"test_{uuid4().hex}")
    with psycopg.connect(server, autocommit=True) as connection:
        copied = psql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(name, psql.Identifier(template))
        connection.execute(copied)
        yield _at(server, name.as_string().strip('"'))
        connection.execute(psql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def database(server: str, template: str) -> Iterator[Database]:
    """A database of the test's own."""
    with new_database(server, template) as database:
        yield database


def _at(server: str, name: str) -> Database:
    parts = {key: str(value) for key, value in (conninfo_to_dict(server) | {"dbname": name}).items()}
    admin = psycopg.conninfo.make_conninfo(**parts)
    return Database(url=psycopg.conninfo.make_conninfo(**parts | {"options": "-crole=fna_batch_app"}), admin_url=admin)


def settings_in(folder: Path, **more: object) -> Settings:
    return Settings.model_validate({"jwt_secret": SecretStr(SECRET), "data_dir": folder, **more})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture(scope="session")
def service(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """API and worker over real HTTP; tests share it, each with users of its own."""
    settings = settings_in(tmp_path_factory.mktemp("service"))
    with new_database(server, template) as database, running(database, settings) as service:
        yield service


@pytest.fixture(scope="session")
def idle(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The same without a worker: its batches stay unfinished."""
    settings = settings_in(tmp_path_factory.mktemp("idle"))
    with new_database(server, template) as database, running(database, settings, worker=False) as service:
        yield service


@pytest.fixture
def own_service(database: Database, settings: Settings) -> Iterator[Service]:
    """API and worker of the test's own, to be disturbed."""
    with running(database, settings) as service:
        yield service


@pytest.fixture
async def container(database: Database, settings: Settings) -> AsyncIterator[Container]:
    container = Container(settings=settings, database_url=database.url)
    async with container.pool():
        yield container
