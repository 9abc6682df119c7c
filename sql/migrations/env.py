"""Alembic's environment. One migrator runs at a time; the others wait for its lock and then find nothing to do."""

import os
from importlib.resources import files

import psycopg
from alembic import context
from dotenv import dotenv_values
from sqlalchemy import create_engine

from sql import query

URL = "FNA_BATCH_DATABASE_URL"


def url() -> str:
    given = context.config.attributes.get("database_url") or os.environ.get(URL) or dotenv_values().get(URL)
    if not given:
        raise SystemExit(f"Set {URL}, or run `fna-batch migrate` for the embedded database.")
    return str(given)


database = url()
engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database))
try:
    with engine.connect() as connection:
        context.configure(connection=connection, transaction_per_migration=False)
        with context.begin_transaction():
            connection.exec_driver_sql(query("lock_migrators").decode())
            context.run_migrations()
            connection.connection.cursor().execute((files("sql") / "migrations" / "grants.sql").read_text())
finally:
    engine.dispose()
