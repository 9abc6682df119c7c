"""Extending the tree in one transaction, under a lock that one sealer holds at a time."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import psycopg

from adapters.postgres.audit.stored_tree import PostgresStoredTree
from adapters.postgres.pool import Pool, translated
from application.audit.merkle import Subtree
from application.audit.ports.checkpoints import StoredCheckpoint
from application.audit.ports.sealing import Seal, Sealing, Unsealed
from application.errors import CannotSeal
from sql import query


class PostgresSeal(PostgresStoredTree, Seal):
    async def unsealed(self, limit: int) -> Sequence[Unsealed]:
        return [
            Unsealed(
                batch_id=row["batch_id"],
                version=row["version"],
                act_id=row["act_id"],
                hash=row["hash"],
                global_position=(int(row["transaction_id"]), row["position"]),
            )
            for row in await self.rows("unsealed_entries", limit=limit)
        ]

    async def add(
        self, leaves: Sequence[Unsealed], subtrees: Mapping[Subtree, bytes], checkpoint: StoredCheckpoint
    ) -> None:
        columns = {
            "leaf_indexes": list(range(checkpoint.size - len(leaves), checkpoint.size)),
            "batch_ids": [leaf.batch_id for leaf in leaves],
            "versions": [leaf.version for leaf in leaves],
            "act_ids": [leaf.act_id for leaf in leaves],
            "entries": [leaf.hash for leaf in leaves],
        }
        nodes = {
            "levels": [level for level, _ in subtrees],
            "indexes": [index for _, index in subtrees],
            "hashes": list(subtrees.values()),
        }
        transaction_id, position = checkpoint.global_position
        row = {
            "size": checkpoint.size,
            "previous_size": checkpoint.previous_size,
            "note": checkpoint.note,
            "sealed_at": checkpoint.sealed_at,
            "transaction_id": str(transaction_id),
            "position": position,
        }
        try:
            await self.connection.execute(query("add_sealed_entries"), columns)
        except psycopg.errors.UniqueViolation as twice:
            detail = twice.diag.message_detail  # names the entry by ids alone
            raise CannotSeal(
                f"An entry would be sealed a second time ({detail}): run `fna-batch audit verify`."
            ) from twice
        await self.connection.execute(query("add_tree_nodes"), nodes)
        await self.connection.execute(query("add_checkpoint"), row)


class PostgresSealing(Sealing):
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def sealing(self) -> AsyncIterator[PostgresSeal | None]:
        with translated():
            async with self._pool.connection() as connection, connection.transaction():
                lock = await (await connection.execute(query("lock_sealing"))).fetchone()
                yield PostgresSeal(connection) if lock and lock["ours"] else None
