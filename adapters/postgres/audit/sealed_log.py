"""The tree over the log with its checkpoints, the operator actions, and what no checkpoint covers."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.postgres.audit.actions import action_of, undamaged
from adapters.postgres.audit.sealing import PostgresSealing
from adapters.postgres.audit.stored_tree import PostgresStoredTree, checkpoints_of
from adapters.postgres.pool import translated
from application.audit.merkle import Range, Subtree
from application.audit.ports.checkpoints import StoredCheckpoint
from application.audit.ports.recorded_actions import ArchivedPart
from application.audit.ports.sealed_log import Leaf, SealedLog
from application.audit.ports.uncovered import UnsealedAction
from application.log import StoredEvent
from application.operator_actions import OperatorAction


class PostgresSealedLog(PostgresSealing, SealedLog):
    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[PostgresStoredTree]:
        with translated():
            async with self._pool.connection() as connection:
                yield PostgresStoredTree(connection)

    async def _rows(self, name: str, **parameters: object) -> Sequence[dict[str, Any]]:
        async with self._reading() as tree:
            return await tree.rows(name, **parameters)

    async def leaf_data(self, leaves: Range) -> Sequence[bytes]:
        async with self._reading() as tree:
            return await tree.leaf_data(leaves)

    async def subtrees(self, wanted: Sequence[Subtree]) -> Mapping[Subtree, bytes]:
        async with self._reading() as tree:
            return await tree.subtrees(wanted)

    async def latest(self) -> StoredCheckpoint | None:
        async with self._reading() as tree:
            return await tree.latest()

    async def checkpoint(self, size: int) -> StoredCheckpoint | None:
        async with self._reading() as tree:
            return await tree.checkpoint(size)

    async def checkpoints(self, *, above: int, limit: int) -> Sequence[StoredCheckpoint]:
        return list(checkpoints_of(await self._rows("checkpoints_above", above=above, limit=limit)))

    async def newest(self, *, below: int | None, limit: int) -> Sequence[StoredCheckpoint]:
        return list(checkpoints_of(await self._rows("checkpoints_newest", below=below, limit=limit)))

    async def leaves(self, leaves: Range) -> Sequence[Leaf]:
        return [_leaf(row) for row in await self._rows("sealed_leaves", first=leaves[0], end=leaves[1])]

    async def events(self, leaves: Range) -> Sequence[StoredEvent]:
        return [StoredEvent(**row) for row in await self._rows("sealed_events", first=leaves[0], end=leaves[1])]

    async def leaf_of(self, batch_id: UUID, version: int) -> int | None:
        for row in await self._rows("sealed_leaf_of", batch_id=batch_id, version=version):
            return int(row["leaf_index"])
        return None

    async def archives(self) -> Sequence[ArchivedPart]:
        recorded = [action.data for _, action in undamaged(await self._rows("archives"))]
        return [
            ArchivedPart(before=UUID(data["before"]), size=data["size"], events=data["events"]) for data in recorded
        ]

    async def actions(self, *, after: UUID | None, limit: int) -> Sequence[tuple[OperatorAction, bytes]]:
        return [action_of(row) for row in await self._rows("actions_page", after=after, limit=limit)]

    async def unsealed_actions(self) -> Sequence[UnsealedAction]:
        return [_unsealed_action(row) for row in await self._rows("unsealed_actions")]

    async def unsealed_tail(self, below: UUID | None = None) -> tuple[int, datetime | None]:
        (row,) = await self._rows("unsealed_tail", below=below)
        return row["events"], row["since"]

    async def beyond(self, size: int) -> tuple[int, int]:
        (row,) = await self._rows("uncovered_by_checkpoint", size=size)
        return row["leaves"], row["nodes"]


def _leaf(row: dict[str, Any]) -> Leaf:
    missing = row["transaction_id"] is None
    return Leaf(
        leaf_index=row["leaf_index"],
        leaf_data=row["entry"],
        batch_id=row["batch_id"],
        version=row["version"],
        act_id=row["act_id"],
        global_position=None if missing else (int(row["transaction_id"]), row["position"]),
        action=None if missing or row["act_id"] is None else action_of(row),
    )


def _unsealed_action(row: dict[str, Any]) -> UnsealedAction:
    action, hash_ = action_of(row)
    return UnsealedAction(
        action=action,
        hash=hash_,
        inserted_behind_checkpoint=row["inserted_behind_checkpoint"],
        from_unstarted_transaction=row["from_unstarted_transaction"],
    )
