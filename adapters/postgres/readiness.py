"""Checking that the database is ready: reachable, writable and migrated."""

from adapters.postgres.pool import Pool, translated
from application.errors import StorageUnavailable
from sql import query


class PostgresReadiness:
    """`revision` is that of the schema that this code needs."""

    def __init__(self, pool: Pool, revision: str) -> None:
        self._pool, self._revision = pool, revision

    async def __call__(self) -> None:
        """Raise StorageUnavailable if the database is away, read-only or not migrated."""
        with translated():
            async with self._pool.connection() as connection:
                row = await (await connection.execute(query("readiness"))).fetchone()
                if row is None or row["read_only"]:
                    raise StorageUnavailable("it is read-only")
                if not row["migrated"]:
                    raise StorageUnavailable("it was never migrated, run `fna-batch migrate`")
                found = await (await connection.execute(query("schema_revision"))).fetchone()
        if found is None or found["version_num"] < self._revision:
            raise StorageUnavailable("its schema is older than this service, run `fna-batch migrate`")
