"""Schema migrations. Alembic is imported only when one runs, because importing it takes a second."""

from importlib.resources import files
from typing import TYPE_CHECKING

import psycopg

from sql import query

if TYPE_CHECKING:
    from alembic.config import Config


def _config(database_url: str) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("sql") / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["database_url"] = database_url
    return config


def migrate(database_url: str) -> None:
    """Upgrade the database to the newest revision. Concurrent calls wait for each other.

    Raises psycopg.Error.
    """
    from alembic import command
    from sqlalchemy.exc import DBAPIError

    try:
        command.upgrade(_config(database_url), "head")
    except DBAPIError as wrapped:
        raise (wrapped.orig or wrapped) from None


def newest_revision() -> str:
    """Return the revision that this code needs: the number of the last file in `sql/migrations/versions`."""
    versions = (files("sql") / "migrations" / "versions").iterdir()
    return max(file.name.partition("_")[0] for file in versions if file.name.endswith(".py"))


def revision_of(database_url: str) -> str | None:
    """Return the revision of the database, None if it was never migrated.

    Raises psycopg.OperationalError when the database cannot be reached.
    """
    with psycopg.connect(database_url, connect_timeout=3) as connection:
        try:
            row = connection.execute(query("schema_revision")).fetchone()
        except psycopg.errors.UndefinedTable:
            return None
    return None if row is None else str(row[0])
