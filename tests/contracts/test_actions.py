"""The contract of Actions, and of RecordedActions, which reads what Actions records."""

from datetime import UTC, datetime, timedelta

import pytest

from application.audit.ports.recorded_actions import ArchivedPart
from application.audit.ports.sealed_log import SealedLog
from application.errors import ClockAhead
from application.log import instant
from application.operations.ports.storage import OperatorStorage
from application.operator_actions import ActionKind
from tests.contracts.given import action, record, seal_all
from tests.support.builders import new_id


async def test_recorded_actions_are_read_back_with_their_hashes_the_oldest_first(
    operator_storage: OperatorStorage, sealed_log: SealedLog
) -> None:
    recorded = [action(ActionKind.REPAIR, {"batch_id": "b", "found": ["batch_jobs.failed"]}) for _ in range(3)]
    await record(operator_storage, *recorded)
    first = await sealed_log.actions(after=None, limit=2)
    rest = await sealed_log.actions(after=first[-1][0].act_id, limit=2)
    assert [*first, *rest] == [(each, each.computed_hash()) for each in recorded]


async def test_a_transaction_that_fails_records_no_action(
    operator_storage: OperatorStorage, sealed_log: SealedLog
) -> None:
    with pytest.raises(ZeroDivisionError):
        async with operator_storage.transaction() as tx:
            await tx.actions.record(action(ActionKind.REDISPATCH))
            raise ZeroDivisionError
    assert list(await sealed_log.actions(after=None, limit=2)) == []


async def test_a_clean_up_that_reaches_into_the_future_is_refused(
    operator_storage: OperatorStorage, sealed_log: SealedLog
) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(ClockAhead):
        await record(operator_storage, action(ActionKind.CLEANUP, {"before": instant(tomorrow), "rows": 1}))
    await record(operator_storage, action(ActionKind.CLEANUP, {"before": instant(datetime.now(UTC)), "rows": 1}))
    assert len(await sealed_log.actions(after=None, limit=2)) == 1


async def test_archives_are_known_before_and_after_a_checkpoint_covers_them(
    operator_storage: OperatorStorage, sealed_log: SealedLog
) -> None:
    bound = new_id()
    data = {"before": str(bound), "size": 7, "events": 5, "sha256": "00"}
    await record(operator_storage, action(ActionKind.ARCHIVE, data), action(ActionKind.REDISPATCH))
    expected = [ArchivedPart(before=bound, size=7, events=5)]
    assert list(await sealed_log.archives()) == expected
    await seal_all(sealed_log)
    assert list(await sealed_log.archives()) == expected
