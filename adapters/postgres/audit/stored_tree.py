"""The stored tree and its checkpoints on one connection: read alike within a seal and outside of one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.postgres.pool import Connection
from application.audit.merkle import Range, Subtree
from application.audit.ports.checkpoints import StoredCheckpoint
from application.audit.ports.tree import Tree
from sql import query


class PostgresStoredTree(Tree):
    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def rows(self, name: str, **parameters: object) -> Sequence[dict[str, Any]]:
        """Return the rows of the named statement."""
        return await (await self.connection.execute(query(name), parameters)).fetchall()

    async def leaf_data(self, leaves: Range) -> Sequence[bytes]:
        return [row["entry"] for row in await self.rows("sealed_hashes", first=leaves[0], end=leaves[1])]

    async def subtrees(self, wanted: Sequence[Subtree]) -> Mapping[Subtree, bytes]:
        if not wanted:
            return {}
        levels, indexes = map(list, zip(*wanted, strict=True))
        stored = await self.rows("tree_nodes", levels=levels, indexes=indexes)
        return {(row["level"], row["node_index"]): row["hash"] for row in stored}

    async def latest(self) -> StoredCheckpoint | None:
        return next(checkpoints_of(await self.rows("last_checkpoint")), None)

    async def checkpoint(self, size: int) -> StoredCheckpoint | None:
        return next(checkpoints_of(await self.rows("checkpoint", size=size)), None)


def checkpoints_of(rows: Sequence[dict[str, Any]]) -> Iterator[StoredCheckpoint]:
    """Yield the rows of `checkpoints` as checkpoints."""
    for row in rows:
        global_position = (int(row.pop("transaction_id")), row.pop("position"))
        yield StoredCheckpoint(global_position=global_position, **row)
