"""The schema, brought up to date by Alembic, which is imported only where it is needed: it takes a second."""

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
    """Bring the database up to the newest revision; several at once wait for each other.

    Raises psycopg.Error.
    """
    from alembic import command
    from sqlalchemy.exc import DBAPIError

    try:
        command.upgrade(_config(database_url), "head")
    except DBAPIError as wrapped:
        raise (wrapped.orig or wrapped) from None


def newest_revision() -> str:
    """The revision that this code was written for: that of the last file in `sql/migrations/versions`."""
    versions = (files("sql") / "migrations" / "versions").iterdir()
    return max(file.name.partition("_")[0] for file in versions if file.name.endswith(".sql"))


def revision_of(database_url: str) -> str | None:
    """The revision that the database is at, null where it was never migrated.

    Raises psycopg.OperationalError where it cannot be reached.
    """
    with psycopg.connect(database_url, connect_timeout=3) as connection:
        try:
            row = connection.execute(query("schema_revision")).fetchone()
        except psycopg.errors.UndefinedTable:
            return None
    return None if row is None else str(row[0])
