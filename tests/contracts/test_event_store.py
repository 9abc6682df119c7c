"""The contract of EventStore."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from application.audit.ports.sealed_log import SealedLog
from application.errors import SealedAlready, WrongExpectedVersion
from application.log import with_hash
from application.ports.read_model import PageAfter
from application.ports.storage import Storage
from tests.contracts.given import seal_leaves, unsealed
from tests.support.builders import NOON, new_id, stream_of

USER, STRANGER = UUID(int=1), UUID(int=2)


async def test_events_are_read_back_as_they_were_appended(storage: Storage) -> None:
    stream = stream_of("Submitted", "Started")
    async with storage.transaction() as tx:
        assert await tx.events.append([stream]) == [None]
    async with storage.transaction() as tx:
        read = await tx.events.read(stream[0].batch_id)
    assert list(read) == stream
    assert [event.computed_hash() for event in read] == [event.hash for event in read]


async def test_an_unknown_batch_has_no_events(storage: Storage) -> None:
    async with storage.transaction() as tx:
        assert list(await tx.events.read(new_id())) == []


async def test_an_append_of_nothing_is_accepted(storage: Storage) -> None:
    async with storage.transaction() as tx:
        assert await tx.events.append([[]]) == [None]


async def test_a_wrong_expected_version_is_refused_and_leaves_no_event(storage: Storage) -> None:
    stream = stream_of("Submitted", "Started")
    behind, ahead = stream_of("Started", after=stream[0]), stream_of("Started", "Started", after=stream[1])[1:]
    async with storage.transaction() as tx:
        await tx.events.append([stream])
    for wrong, expected in ((behind, 1), (ahead, 3)):
        async with storage.transaction() as tx:
            (refused,) = await tx.events.append([wrong])
        assert isinstance(refused, WrongExpectedVersion)
        assert (refused.batch_id, refused.expected_version) == (stream[0].batch_id, expected)
    async with storage.transaction() as tx:
        assert len(await tx.events.read(stream[0].batch_id)) == 2


async def test_nothing_can_be_appended_after_finished(storage: Storage) -> None:
    stream = stream_of("Submitted", "Started", "Finished")
    async with storage.transaction() as tx:
        await tx.events.append([stream])
        (refused,) = await tx.events.append([stream_of("Started", after=stream[-1])])
    assert isinstance(refused, WrongExpectedVersion)


async def test_a_version_that_a_checkpoint_covers_is_never_appended_again(
    storage: Storage, sealed_log: SealedLog
) -> None:
    stream = stream_of("Submitted", "Started")
    async with storage.transaction() as tx:
        await tx.events.append([stream[:1]])
    await seal_leaves(sealed_log, [unsealed(stream[0]), unsealed(stream[1])])  # the second event is missing
    with pytest.raises(SealedAlready) as refused:
        async with storage.transaction() as tx:
            await tx.events.append([stream[1:]])
    assert (refused.value.batch_id, refused.value.version) == (stream[1].batch_id, 2)


async def test_each_append_of_a_group_succeeds_or_fails_on_its_own(storage: Storage) -> None:
    first, second, third = (stream_of("Submitted", "Started") for _ in range(3))
    async with storage.transaction() as tx:
        await tx.events.append([second[:1]])
    async with storage.transaction() as tx:
        results = await tx.events.append([first, second, third])
    assert [result is None for result in results] == [True, False, True]
    async with storage.transaction() as tx:
        lengths = [len(await tx.events.read(stream[0].batch_id)) for stream in (first, second, third)]
    assert lengths == [2, 1, 2]


async def test_several_streams_are_read_at_once(storage: Storage) -> None:
    first, second = stream_of("Submitted", "Started"), stream_of("Submitted")
    unknown = new_id()
    async with storage.transaction() as tx:
        await tx.events.append([first, second])
    async with storage.transaction() as tx:
        found = await tx.events.streams([second[0].batch_id, first[0].batch_id, unknown])
    assert {batch_id: list(stream) for batch_id, stream in found.items()} == {
        first[0].batch_id: first,
        second[0].batch_id: second,
        unknown: [],
    }


async def test_the_log_is_read_in_commit_order_from_any_position(storage: Storage) -> None:
    first, second = stream_of("Submitted", "Started"), stream_of("Submitted")
    async with storage.transaction() as tx:
        await tx.events.append([first])
    async with storage.transaction() as tx:
        await tx.events.append([second, stream_of("ReportSucceeded", after=first[-1])])
    async with storage.transaction() as tx:
        whole = await tx.events.log((0, 0), 10)
        rest = await tx.events.log(whole[1][0], 10)
        one = await tx.events.log(whole[0][0], 1)
    assert [event for _, event in whole[:3]] == [*first, *second]
    assert [list(page) for page in (rest, one)] == [list(whole[2:]), list(whole[1:2])]
    assert [position for position, _ in whole] == sorted({position for position, _ in whole})


async def test_submissions_of_a_user_are_listed_newest_first(storage: Storage) -> None:
    async def submit(user_id: UUID, hour: int) -> PageAfter:
        (plain,) = stream_of("Submitted")
        at = NOON + timedelta(hours=hour)
        event = with_hash(replace(plain, data={"user_id": str(user_id)}, recorded_at=at))
        async with storage.transaction() as tx:
            await tx.events.append([[event]])
        return PageAfter(created_at=at, batch_id=event.batch_id)

    own = [await submit(USER, hour) for hour in (0, 1, 1, 2)]
    await submit(STRANGER, 1)
    newest_first = sorted(own, key=lambda each: (each.created_at, each.batch_id), reverse=True)
    async with storage.transaction() as tx:
        everything = await tx.events.submitted(USER, until=None, after=None, limit=10)
        until = await tx.events.submitted(USER, until=NOON + timedelta(hours=1), after=None, limit=10)
        after = await tx.events.submitted(USER, until=None, after=newest_first[1], limit=1)
    assert list(everything) == newest_first
    assert list(until) == newest_first[1:]
    assert list(after) == newest_first[2:3]
