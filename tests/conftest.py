"""A real PostgreSQL for the tests that need one: migrated once, and copied for each test."""

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

NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300")
"""Parameters of a server that is fast, and whose data does not survive a crash of the machine."""
MEMORY_FOLDER, MEMORY_NEEDED = Path("/dev/shm"), 4 << 30
"""A folder in memory, where a database is copied in a tenth of the time, and the free bytes that it needs."""


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The superuser's URL of a PostgreSQL server: FNA_BATCH_TEST_DATABASE_URL if it is set, else an embedded server."""
    given = os.environ.get("FNA_BATCH_TEST_DATABASE_URL")
    if given:
        yield given
        return
    in_memory = MEMORY_FOLDER.is_dir() and shutil.disk_usage(MEMORY_FOLDER).free > MEMORY_NEEDED
    with (
        TemporaryDirectory(dir=MEMORY_FOLDER if in_memory else None, ignore_cleanup_errors=True) as folder,
        EmbeddedPostgres(Path(folder) / "data", NOT_DURABLE) as embedded,
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
    """Copy the template to a new database, and drop it at the end."""
    name = psql.Identifier(f"test_{uuid4().hex}")
    with psycopg.connect(server, autocommit=True) as connection:
        copied = psql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(name, psql.Identifier(template))
        connection.execute(copied)
        yield _at(server, name.as_string().strip('"'))
        connection.execute(psql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def database(server: str, template: str) -> Iterator[Database]:
    """A migrated, empty database of the test's own."""
    with new_database(server, template) as database:
        yield database


def _at(server: str, name: str) -> Database:
    """Return the URLs of a database of the server: the service's, by its role, and the superuser's."""
    parts = {key: str(value) for key, value in (conninfo_to_dict(server) | {"dbname": name}).items()}
    admin = psycopg.conninfo.make_conninfo(**parts)
    return Database(url=psycopg.conninfo.make_conninfo(**parts | {"options": "-crole=fna_batch_app"}), admin_url=admin)


def settings_in(folder: Path, **more: object) -> Settings:
    """Return settings of a service whose data folder this is; `more` are further settings."""
    return Settings.model_validate({"jwt_secret": SecretStr(SECRET), "data_dir": folder, **more})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a data folder of the test's own."""
    return settings_in(tmp_path)


@pytest.fixture(scope="session")
def service(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """API and worker over real HTTP. Tests share it, so each uses users of its own."""
    settings = settings_in(tmp_path_factory.mktemp("service"))
    with new_database(server, template) as database, running(database, settings) as service:
        yield service


@pytest.fixture(scope="session")
def idle(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The API without a worker: batches stay PENDING. Tests share it."""
    settings = settings_in(tmp_path_factory.mktemp("idle"))
    with new_database(server, template) as database, running(database, settings, worker=False) as service:
        yield service


@pytest.fixture
def own_service(database: Database, settings: Settings) -> Iterator[Service]:
    """API and worker of the test's own, which it may disturb."""
    with running(database, settings) as service:
        yield service


@pytest.fixture
async def container(database: Database, settings: Settings) -> AsyncIterator[Container]:
    """The service's parts on the test's own database, with an open pool; nothing runs by itself."""
    container = Container(settings=settings, database_url=database.url)
    async with container.pool():
        yield container
