"""Storage in PostgreSQL, by psycopg. The statements are in `sql/queries`."""

from adapters.postgres.aside import PostgresAsideTable
from adapters.postgres.audit_source import PostgresAuditSource
from adapters.postgres.pool import connection_pool
from adapters.postgres.readiness import PostgresReadiness
from adapters.postgres.sealed_log import PostgresSealedLog
from adapters.postgres.storage import PostgresStorage

__all__ = [
    "PostgresAsideTable",
    "PostgresAuditSource",
    "PostgresReadiness",
    "PostgresSealedLog",
    "PostgresStorage",
    "connection_pool",
]
