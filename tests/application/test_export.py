"""Exports, checked by a program that shares no code with the service."""

import json
from typing import Any
from uuid import UUID

import pytest

from application.audit.export import FORMAT, ArchivedMeanwhile
from application.operator_actions import ActionKind
from tests.application.batches import finished, submitted
from tests.application.conftest import World
from tests.application.tampering import acted, edit_event
from tests.support.offline_verifier import verify_export

Lines = list[dict[str, Any]]


@pytest.fixture
async def batch_id(world: World) -> UUID:
    """A log of two checkpoints: the five events of a batch, then an action and an event."""
    batch_id = await finished(world)
    await world.sealer.seal()
    await acted(world)
    await submitted(world)
    await world.sealer.seal()
    return batch_id


async def exported(world: World, size: int = 7) -> Lines:
    return [line async for line in world.export(size)]


def problems(world: World, lines: Lines) -> list[str]:
    """Return what the offline verifier finds wrong."""
    verifier = verify_export.Verifier([str(key) for key in world.trusted])
    for line in lines:
        verifier.take(json.dumps(line))
    verifier.finish()
    found: list[str] = verifier.wrong
    return found


async def archive_recorded(world: World, batch_id: UUID) -> None:
    """Record that the first batch may be in an archive file alone."""
    bound = UUID(int=batch_id.int + 1)
    await acted(world, ActionKind.ARCHIVE, before=str(bound), size=7, events=5, sha256="00")


async def test_an_export_holds_every_entry_in_order_with_the_checkpoints_between(world: World, batch_id: UUID) -> None:
    lines = await exported(world)
    assert [next(key for key in line if key != "leaf") for line in lines] == [
        "format", *["event"] * 5, "checkpoint", "act", "event", "checkpoint", "end",
    ]  # fmt: skip
    assert [line["leaf"] for line in lines if "leaf" in line] == list(range(7))
    assert lines[0] == {"format": FORMAT, "keys": [str(key) for key in world.trusted], "archives": []}
    assert problems(world, lines) == []


async def test_an_export_can_end_at_an_earlier_checkpoint(world: World, batch_id: UUID) -> None:
    lines = await exported(world, size=5)
    assert (len(lines), lines[-1]) == (8, {"end": 5})
    assert problems(world, lines) == []


async def test_an_export_is_read_in_pages(world: World, batch_id: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await exported(world)
    monkeypatch.setattr("application.audit.export.PAGE", 2)
    assert await exported(world) == whole


async def test_a_changed_event_does_not_verify(world: World, batch_id: UUID) -> None:
    edit_event(world, batch_id, 2, data={"worker_id": "w9", "attempt": 1})
    assert any(str(batch_id) in problem for problem in problems(world, await exported(world)))


async def test_archived_events_are_exported_as_their_leaves(world: World, batch_id: UUID) -> None:
    await archive_recorded(world, batch_id)
    await world.sealer.seal()
    stream = world.storage.state.events.pop(batch_id)
    lines = await exported(world, size=8)
    assert [line["archived"] for line in lines if "archived" in line] == [
        {"batch_id": str(batch_id), "version": event.version, "entry": event.hash.hex()} for event in stream
    ]
    assert [(part["size"], part["events"]) for part in lines[0]["archives"]] == [(7, 5)]
    assert problems(world, lines) == []


async def test_a_missing_event_that_no_archive_holds_does_not_verify(world: World, batch_id: UUID) -> None:
    del world.storage.state.events[batch_id]
    assert problems(world, await exported(world)) != []


async def test_events_that_are_archived_during_an_export_end_it(world: World, batch_id: UUID) -> None:
    lines = world.export(7)
    await anext(lines)
    await archive_recorded(world, batch_id)
    del world.storage.state.events[batch_id]
    with pytest.raises(ArchivedMeanwhile):
        await anext(lines)
