"""The starting state of contract suites: events, actions and checkpoints, written through the ports alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from application.audit.merkle import GrowingTree, Subtree
from application.audit.ports.checkpoints import StoredCheckpoint
from application.audit.ports.sealed_log import SealedLog
from application.audit.ports.sealing import Seal, Unsealed
from application.audit.tree import STORED_FROM, subtrees_of
from application.log import GlobalPosition, StoredEvent
from application.operations.ports.storage import OperatorStorage
from application.operator_actions import ActionKind, OperatorAction
from application.ports.storage import Storage
from tests.support.builders import NOON, new_id

Stream = Sequence[StoredEvent]


def action(kind: ActionKind, data: Mapping[str, Any] | None = None) -> OperatorAction:
    return OperatorAction(
        act_id=new_id(), kind=kind, actor="operator:test", reason="a test", data=data or {}, recorded_at=NOON
    )


async def append(storage: Storage, *streams: Stream) -> None:
    async with storage.transaction() as tx:
        assert await tx.events.append(streams) == [None] * len(streams)


async def record(storage: OperatorStorage, *actions: OperatorAction) -> None:
    async with storage.transaction() as tx:
        for each in actions:
            await tx.actions.record(each)


def unsealed(event: StoredEvent, global_position: GlobalPosition = (1, 1)) -> Unsealed:
    """Return an event as a sealer reads it."""
    return Unsealed(
        batch_id=event.batch_id,
        version=event.version,
        act_id=None,
        hash=event.hash,
        global_position=global_position,
    )


async def seal_all(log: SealedLog, limit: int = 1000) -> StoredCheckpoint:
    """Add what no checkpoint covers, up to the limit, under an unsigned checkpoint."""
    async with log.sealing() as seal:
        assert seal is not None
        return await add(seal, await seal.unsealed(limit))


async def seal_leaves(log: SealedLog, leaves: Sequence[Unsealed]) -> StoredCheckpoint:
    """Add these leaves, which need not be events that exist."""
    async with log.sealing() as seal:
        assert seal is not None
        return await add(seal, leaves)


async def add(seal: Seal, leaves: Sequence[Unsealed]) -> StoredCheckpoint:
    last = await seal.latest()
    size = last.size if last else 0
    tree = GrowingTree(size, await subtrees_of(seal, (0, size)))
    complete: dict[Subtree, bytes] = {}
    for leaf in leaves:
        complete.update(subtree for subtree in tree.append(leaf.hash) if subtree[0][0] >= STORED_FROM)
    checkpoint = StoredCheckpoint(
        size=tree.size,
        previous_size=last.size if last else None,
        note=f"{tree.size} {tree.root.hex()}",
        sealed_at=NOON,
        global_position=leaves[-1].global_position,
    )
    await seal.add(leaves, complete, checkpoint)
    return checkpoint
