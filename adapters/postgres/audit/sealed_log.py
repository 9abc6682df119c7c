"""The tree over the log and its checkpoints."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from adapters.postgres.operations.actions import act_of, believed
from adapters.postgres.pool import Connection, Pool, translated
from application.audit.merkle import Range, Subtree
from application.audit.ports.sealed_log import (
    ArchivedPart,
    Leaf,
    SealedLog,
    Sealing,
    StoredCheckpoint,
    Unsealed,
    UnsealedAction,
)
from application.errors import CannotSeal
from application.log import StoredEvent
from application.operator_actions import OperatorAction
from sql import query


class _OnConnection:
    """What reads the same within a seal and outside of one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def rows(self, name: str, **asked: object) -> Sequence[dict[str, Any]]:
        return await (await self._connection.execute(query(name), asked)).fetchall()

    async def entries(self, leaves: Range) -> Sequence[bytes]:
        return [row["entry"] for row in await self.rows("sealed_hashes", first=leaves[0], end=leaves[1])]

    async def subtrees(self, wanted: Sequence[Subtree]) -> Mapping[Subtree, bytes]:
        if not wanted:
            return {}
        levels, indexes = map(list, zip(*wanted, strict=True))
        found = await self.rows("tree_nodes", levels=levels, indexes=indexes)
        return {(row["level"], row["node_index"]): row["hash"] for row in found}

    async def latest(self) -> StoredCheckpoint | None:
        return next(_checkpoints(await self.rows("last_checkpoint")), None)

    async def checkpoint(self, size: int) -> StoredCheckpoint | None:
        return next(_checkpoints(await self.rows("checkpoint", size=size)), None)


class _PostgresSealing(_OnConnection, Sealing):
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
        self, entries: Sequence[Unsealed], subtrees: Mapping[Subtree, bytes], checkpoint: StoredCheckpoint
    ) -> None:
        leaves = {
            "leaf_indexes": list(range(checkpoint.size - len(entries), checkpoint.size)),
            "batch_ids": [entry.batch_id for entry in entries],
            "versions": [entry.version for entry in entries],
            "act_ids": [entry.act_id for entry in entries],
            "entries": [entry.hash for entry in entries],
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
            await self._connection.execute(query("add_sealed_entries"), leaves)
        except psycopg.errors.UniqueViolation as twice:
            raise CannotSeal(
                f"Something is to be sealed a second time ({twice.diag.message_detail}): run `fna-batch audit verify`."
            ) from twice
        await self._connection.execute(query("add_tree_nodes"), nodes)
        await self._connection.execute(query("add_checkpoint"), row)


class PostgresSealedLog(SealedLog):
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[_OnConnection]:
        with translated():
            async with self._pool.connection() as connection:
                yield _OnConnection(connection)

    @asynccontextmanager
    async def sealing(self) -> AsyncIterator[Sealing | None]:
        with translated():
            async with self._pool.connection() as connection, connection.transaction():
                lock = await (await connection.execute(query("lock_sealing"))).fetchone()
                yield _PostgresSealing(connection) if lock and lock["ours"] else None

    async def entries(self, leaves: Range) -> Sequence[bytes]:
        async with self._reading() as log:
            return await log.entries(leaves)

    async def subtrees(self, wanted: Sequence[Subtree]) -> Mapping[Subtree, bytes]:
        async with self._reading() as log:
            return await log.subtrees(wanted)

    async def latest(self) -> StoredCheckpoint | None:
        async with self._reading() as log:
            return await log.latest()

    async def checkpoint(self, size: int) -> StoredCheckpoint | None:
        async with self._reading() as log:
            return await log.checkpoint(size)

    async def checkpoints(self, *, above: int, limit: int) -> Sequence[StoredCheckpoint]:
        async with self._reading() as log:
            return list(_checkpoints(await log.rows("checkpoints_above", above=above, limit=limit)))

    async def newest(self, *, below: int | None, limit: int) -> Sequence[StoredCheckpoint]:
        async with self._reading() as log:
            return list(_checkpoints(await log.rows("checkpoints_newest", below=below, limit=limit)))

    async def leaves(self, leaves: Range) -> Sequence[Leaf]:
        async with self._reading() as log:
            return [_leaf(row) for row in await log.rows("sealed_leaves", first=leaves[0], end=leaves[1])]

    async def events(self, leaves: Range) -> Sequence[StoredEvent]:
        async with self._reading() as log:
            return [StoredEvent(**row) for row in await log.rows("sealed_events", first=leaves[0], end=leaves[1])]

    async def archives(self) -> Sequence[ArchivedPart]:
        async with self._reading() as log:
            told = [act.data for _, act in believed(await log.rows("archives"))]
        return [ArchivedPart(before=UUID(data["before"]), size=data["size"], events=data["events"]) for data in told]

    async def beyond(self, size: int) -> tuple[int, int]:
        async with self._reading() as log:
            (row,) = await log.rows("uncovered_by_checkpoint", size=size)
        return row["leaves"], row["nodes"]

    async def acts(self, *, after: UUID | None, limit: int) -> Sequence[tuple[OperatorAction, bytes]]:
        async with self._reading() as log:
            return [act_of(row) for row in await log.rows("actions_page", after=after, limit=limit)]

    async def unsealed_actions(self) -> Sequence[UnsealedAction]:
        async with self._reading() as log:
            rows = await log.rows("unsealed_actions")
        acts = ((row, *act_of(row)) for row in rows)
        return [
            UnsealedAction(
                act=act,
                hash=hash_,
                inserted_behind_checkpoint=row["inserted_behind_checkpoint"],
                from_unstarted_transaction=row["from_unstarted_transaction"],
            )
            for row, act, hash_ in acts
        ]

    async def unsealed_tail(self, below: UUID | None = None) -> tuple[int, datetime | None]:
        async with self._reading() as log:
            (row,) = await log.rows("unsealed_tail", below=below)
        return row["events"], row["since"]

    async def leaf_of(self, batch_id: UUID, version: int) -> int | None:
        async with self._reading() as log:
            for row in await log.rows("sealed_leaf_of", batch_id=batch_id, version=version):
                return int(row["leaf_index"])
        return None


def _checkpoints(rows: Sequence[dict[str, Any]]) -> Iterator[StoredCheckpoint]:
    return (
        StoredCheckpoint(global_position=(int(row.pop("transaction_id")), row.pop("position")), **row) for row in rows
    )


def _leaf(row: dict[str, Any]) -> Leaf:
    gone = row["transaction_id"] is None
    act = None
    if row["act_id"] is not None and not gone:
        act = act_of(row)
    return Leaf(
        leaf_index=row["leaf_index"],
        entry=row["entry"],
        batch_id=row["batch_id"],
        version=row["version"],
        act_id=row["act_id"],
        global_position=None if gone else (int(row["transaction_id"]), row["position"]),
        act=act,
    )
