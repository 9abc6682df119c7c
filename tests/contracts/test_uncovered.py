"""The contract of Uncovered: what no checkpoint covers."""

from dataclasses import replace
from datetime import timedelta

from application.audit.ports.sealed_log import SealedLog
from application.audit.ports.uncovered import UnsealedAction
from application.log import with_hash
from application.operations.ports.storage import OperatorStorage
from application.operator_actions import ActionKind, OperatorAction
from application.ports.storage import Storage
from tests.contracts.given import action, append, record, seal_all, seal_leaves, unsealed
from tests.support.builders import NOON, stream_of


def waiting(act: OperatorAction, *, inserted_behind_checkpoint: bool = False) -> UnsealedAction:
    return UnsealedAction(
        action=act,
        hash=act.computed_hash(),
        inserted_behind_checkpoint=inserted_behind_checkpoint,
        from_unstarted_transaction=False,
    )


async def test_the_tail_is_the_events_after_the_latest_checkpoint(storage: Storage, sealed_log: SealedLog) -> None:
    assert await sealed_log.unsealed_tail() == (0, None)
    await append(storage, stream_of("Submitted", "Started", "ReportFailed"))
    assert await sealed_log.unsealed_tail() == (3, NOON)
    await seal_all(sealed_log, limit=1)
    assert await sealed_log.unsealed_tail() == (2, NOON + timedelta(seconds=1))
    await seal_all(sealed_log)
    assert await sealed_log.unsealed_tail() == (0, None)


async def test_the_tail_can_be_limited_to_older_batches(storage: Storage, sealed_log: SealedLog) -> None:
    (older,), (newer,) = stream_of("Submitted"), stream_of("Submitted")
    newer = with_hash(replace(newer, recorded_at=NOON + timedelta(hours=1)))
    await append(storage, [newer], [older])
    assert await sealed_log.unsealed_tail() == (2, NOON)
    assert await sealed_log.unsealed_tail(newer.batch_id) == (1, NOON)
    assert await sealed_log.unsealed_tail(older.batch_id) == (0, None)


async def test_an_action_is_unsealed_until_a_checkpoint_covers_it(
    operator_storage: OperatorStorage, sealed_log: SealedLog
) -> None:
    first, second = action(ActionKind.REDISPATCH), action(ActionKind.REDISPATCH)
    await record(operator_storage, first)
    await record(operator_storage, second)
    assert list(await sealed_log.unsealed_actions()) == [waiting(first), waiting(second)]
    await seal_all(sealed_log, limit=1)
    assert list(await sealed_log.unsealed_actions()) == [waiting(second)]
    await seal_all(sealed_log)
    assert list(await sealed_log.unsealed_actions()) == []


async def test_an_action_behind_the_latest_checkpoint_comes_first(
    operator_storage: OperatorStorage, sealed_log: SealedLog
) -> None:
    behind, after = action(ActionKind.REDISPATCH), action(ActionKind.REDISPATCH)
    await record(operator_storage, behind)
    await append(operator_storage, stream_of("Submitted"))
    async with sealed_log.sealing() as seal:
        assert seal is not None
        (_, event) = await seal.unsealed(2)
    await seal_leaves(sealed_log, [event])
    await record(operator_storage, after)
    assert list(await sealed_log.unsealed_actions()) == [
        waiting(behind, inserted_behind_checkpoint=True),
        waiting(after),
    ]


async def test_an_action_behind_the_latest_checkpoint_excuses_nothing(
    operator_storage: OperatorStorage, sealed_log: SealedLog
) -> None:
    (submitted,) = stream_of("Submitted")
    data = {"before": str(submitted.batch_id), "size": 1, "events": 1, "sha256": "00"}
    await record(operator_storage, action(ActionKind.ARCHIVE, data))
    await append(operator_storage, [submitted])
    async with sealed_log.sealing() as seal:
        assert seal is not None
        (_, event) = await seal.unsealed(2)
    await seal_leaves(sealed_log, [event])
    assert list(await sealed_log.archives()) == []


async def test_leaves_and_subtrees_beyond_a_size_are_counted(sealed_log: SealedLog) -> None:
    leaves = [unsealed(stream_of("Submitted")[0], (1, number)) for number in range(1, 515)]
    await seal_leaves(sealed_log, leaves)
    assert await sealed_log.beyond(514) == (0, 0)
    assert await sealed_log.beyond(512) == (2, 0)
    assert await sealed_log.beyond(300) == (214, 2)
    assert await sealed_log.beyond(0) == (514, 3)
