"""The contract of Leaves: the leaves of the tree beside what they stand for."""

import pytest

from application.audit.merkle import node_hash
from application.audit.ports.sealed_log import SealedLog
from application.audit.tree import hash_of
from application.log import StoredEvent
from application.operations.ports.storage import OperatorStorage
from application.operator_actions import ActionKind, OperatorAction
from tests.contracts.given import action, seal_all, seal_leaves, unsealed
from tests.support.builders import new_id, stream_of

Written = tuple[list[StoredEvent], OperatorAction]


@pytest.fixture
async def written(operator_storage: OperatorStorage) -> Written:
    """Two events and, after them in the same transaction, an action."""
    stream, act = stream_of("Submitted", "Started"), action(ActionKind.REDISPATCH)
    async with operator_storage.transaction() as tx:
        await tx.actions.record(act)
        await tx.events.append([stream])
    return stream, act


async def test_events_and_actions_are_no_leaves_until_a_checkpoint_covers_them(
    sealed_log: SealedLog, written: Written
) -> None:
    assert list(await sealed_log.leaves((0, 9))) == []
    assert list(await sealed_log.leaf_data((0, 9))) == []
    assert list(await sealed_log.events((0, 9))) == []


async def test_leaves_are_events_in_commit_order_then_the_actions_of_the_transaction(
    sealed_log: SealedLog, written: Written
) -> None:
    stream, act = written
    await seal_all(sealed_log)
    leaves = await sealed_log.leaves((0, 9))
    assert [leaf.leaf_index for leaf in leaves] == [0, 1, 2]
    assert [(leaf.batch_id, leaf.version, leaf.act_id) for leaf in leaves] == [
        (stream[0].batch_id, 1, None),
        (stream[0].batch_id, 2, None),
        (None, None, act.act_id),
    ]
    assert [leaf.leaf_data for leaf in leaves] == [*(event.hash for event in stream), act.computed_hash()]
    assert [leaf.action for leaf in leaves] == [None, None, (act, act.computed_hash())]
    positions = [leaf.global_position for leaf in leaves if leaf.global_position]
    assert positions == sorted(set(positions))
    assert len(positions) == 3


async def test_any_range_of_leaves_can_be_read(sealed_log: SealedLog, written: Written) -> None:
    stream, _ = written
    await seal_all(sealed_log)
    assert [leaf.leaf_index for leaf in await sealed_log.leaves((1, 2))] == [1]
    assert list(await sealed_log.leaf_data((0, 2))) == [event.hash for event in stream]
    assert list(await sealed_log.events((1, 3))) == [stream[1]]


async def test_an_event_has_a_leaf_index_once_a_checkpoint_covers_it(sealed_log: SealedLog, written: Written) -> None:
    batch_id = written[0][0].batch_id
    assert await sealed_log.leaf_of(batch_id, 2) is None
    await seal_all(sealed_log)
    assert await sealed_log.leaf_of(batch_id, 2) == 1
    assert await sealed_log.leaf_of(batch_id, 3) is None
    assert await sealed_log.leaf_of(new_id(), 1) is None


async def test_a_leaf_without_its_event_has_no_position(sealed_log: SealedLog) -> None:
    (missing,) = stream_of("Submitted")
    await seal_leaves(sealed_log, [unsealed(missing)])
    (leaf,) = await sealed_log.leaves((0, 1))
    assert (leaf.batch_id, leaf.leaf_data) == (missing.batch_id, missing.hash)
    assert leaf.global_position is None
    assert list(await sealed_log.events((0, 1))) == []


async def test_stored_subtrees_are_returned_and_others_left_out(sealed_log: SealedLog) -> None:
    leaves = [unsealed(stream_of("Submitted")[0], (1, number)) for number in range(1, 515)]
    await seal_leaves(sealed_log, leaves)
    stored = await sealed_log.subtrees([(8, 0), (8, 1), (9, 0), (8, 2), (9, 1)])
    assert stored.keys() == {(8, 0), (8, 1), (9, 0)}
    assert stored[9, 0] == node_hash(stored[8, 0], stored[8, 1]) == await hash_of(sealed_log, (0, 512))
    assert await sealed_log.subtrees([]) == {}
