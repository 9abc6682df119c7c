"""The schema, brought up to date by Alembic."""

from importlib.resources import files

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from sql import query


def _config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("sql") / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["database_url"] = database_url
    return config


def migrate(database_url: str) -> None:
    """Bring the database up to the newest revision; several at once wait for each other."""
    command.upgrade(_config(database_url), "head")


def newest_revision() -> str:
    return ScriptDirectory.from_config(_config("")).get_current_head() or ""


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
