"""Storage in PostgreSQL, by psycopg. The statements are in `sql/queries`."""

from adapters.postgres.audit_source import PostgresAuditSource
from adapters.postgres.pool import connection_pool
from adapters.postgres.readiness import PostgresReadiness
from adapters.postgres.storage import PostgresStorage

__all__ = ["PostgresAuditSource", "PostgresReadiness", "PostgresStorage", "connection_pool"]
