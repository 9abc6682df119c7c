"""A shadow table: temporary, so that it vanishes with its session, however that ends."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from adapters.postgres.operations.storage import PostgresOperatorStorage, PostgresOperatorTransaction
from adapters.postgres.pool import Connection, translated
from application.operations.ports.shadow_table import ShadowTable, ShadowTables
from application.read_model import BatchJob
from sql import query

JOBS = TypeAdapter(list[BatchJob])


class _PostgresShadowTable(ShadowTable):
    def __init__(self, connection: Connection, storage: PostgresOperatorStorage) -> None:
        self._connection, self._storage = connection, storage

    async def add(self, jobs: Sequence[BatchJob]) -> None:
        rows = JOBS.dump_python(list(jobs), mode="json", warnings=False)
        with translated():
            await self._connection.execute(query("add_to_shadow"), {"rows": Jsonb(rows)})

    @asynccontextmanager
    async def swap(self, kept_since: datetime) -> AsyncIterator[tuple[PostgresOperatorTransaction, tuple[int, int]]]:
        execute = self._connection.execute
        await execute(query("analyze_shadow"))
        async with self._connection.transaction():
            await execute(query("keep_erasure_out"))
            rewritten = (await execute(query("rewrite_from_shadow"))).rowcount
            added = (await execute(query("add_from_shadow"), {"kept_since": kept_since})).rowcount
            await execute(query("release_from_shadow"))
            yield self._storage.on(self._connection), (rewritten, added)


class PostgresShadowTables(ShadowTables):
    """Uses a connection of its own, without deadlines; a pooler in between must keep the session."""

    def __init__(self, database_url: str, storage: PostgresOperatorStorage) -> None:
        self._url, self._storage = database_url, storage

    @asynccontextmanager
    async def open(self) -> AsyncIterator[ShadowTable | None]:
        with translated():
            connection = await Connection.connect(
                self._url, autocommit=True, row_factory=dict_row, connect_timeout=3, prepare_threshold=None
            )
            async with connection:
                lock = await (await connection.execute(query("lock_rebuild"))).fetchone()
                if lock is None or not lock["ours"]:
                    yield None
                    return
                await connection.execute(query("create_shadow"))
                yield _PostgresShadowTable(connection, self._storage)
                await connection.execute(query("drop_shadow"))
