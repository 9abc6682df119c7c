"""Storage in PostgreSQL, with psycopg. The statements are in `sql/queries`."""

from adapters.postgres.audit.audit_source import PostgresAuditSource
from adapters.postgres.audit.sealed_log import PostgresSealedLog
from adapters.postgres.operations.shadow_table import PostgresShadowTables
from adapters.postgres.operations.storage import PostgresOperatorStorage
from adapters.postgres.pool import connection_pool
from adapters.postgres.readiness import PostgresReadiness
from adapters.postgres.storage import PostgresStorage

__all__ = [
    "PostgresAuditSource",
    "PostgresOperatorStorage",
    "PostgresReadiness",
    "PostgresSealedLog",
    "PostgresShadowTables",
    "PostgresStorage",
    "connection_pool",
]
