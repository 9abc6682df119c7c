"""Run by Alembic. One migrator at a time: the others wait for the lock and then find nothing left to do."""

import os

import psycopg
from alembic import context
from dotenv import dotenv_values
from sqlalchemy import create_engine, text

URL = "FNA_BATCH_DATABASE_URL"
MIGRATORS_LOCK = 0x464E41  # "FNA"


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
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATORS_LOCK})
            context.run_migrations()
finally:
    engine.dispose()
