"""The audit of the tree names each thing that is wrong with leaves, subtrees, checkpoints and actions."""

from collections.abc import Callable
from uuid import UUID

import pytest

from application.audit.findings import FindingKind
from application.operator_actions import ActionKind
from tests.application.batches import started, submitted
from tests.application.conftest import World
from tests.application.tampering import (
    acted,
    edit_action,
    edit_checkpoint,
    edit_leaf,
    move_action,
    re_sign,
    remove_event,
    tree_findings,
)
from tests.support.builders import new_id, stream_of


@pytest.fixture
async def sealed(world: World) -> World:
    """A log of three checkpoints: two events, then an action, then an event."""
    await started(world)
    await world.sealer.seal()
    await acted(world)
    await world.sealer.seal()
    world.clock.move(60)
    await submitted(world)
    await world.sealer.seal()
    return world


def batch_of(world: World) -> UUID:
    return next(iter(world.storage.state.events))


def move_event(world: World) -> None:
    world.storage.state.positions[batch_of(world), 1] = (9, 9)


TAMPERINGS: dict[str, tuple[Callable[[World], object], str]] = {
    "a leaf is removed": (lambda world: world.storage.tree.leaves.pop(2), "leaf 2 of the tree is missing"),
    "a leaf is changed": (lambda world: edit_leaf(world, 0, hash=bytes(32)), "its root does not match: entries 0 to 1"),
    "an event is removed": (lambda world: remove_event(world, batch_of(world), 2), "the event is missing"),
    "an event is moved": (move_event, "a checkpoint covers it in another order"),
    "an action is removed": (lambda world: world.storage.state.actions.clear(), "the action is missing"),
    "an action is changed": (lambda world: edit_action(world, reason="another"), "not the action that a checkpoint"),
    "a checkpoint is unsigned": (lambda world: edit_checkpoint(world, 2, note="x"), "it proves nothing"),
    "a checkpoint is removed": (lambda world: world.storage.tree.checkpoints.pop(3), "it does not follow"),
    "a checkpoint signs another size": (lambda world: re_sign(world, 3, size=7), "it signs 7 entries"),
    "a checkpoint follows another": (lambda world: re_sign(world, 3, previous=bytes(32)), "it does not follow"),
    "a checkpoint signs another root": (lambda world: re_sign(world, 3, root=bytes(32)), "root does not match"),
    "its row names another time": (lambda world: edit_checkpoint(world, 2, sealed_at=world.clock()), "another time"),
    "its row names another position": (
        lambda world: edit_checkpoint(world, 3, global_position=(9, 9)),
        "another position for its last entry",
    ),
    "its row names another predecessor": (
        lambda world: edit_checkpoint(world, 4, previous_size=2),
        "another checkpoint before it",
    ),
    "the latest checkpoint is removed": (
        lambda world: world.storage.tree.checkpoints.pop(4),
        "no checkpoint covers 1 leaves and 0 subtrees",
    ),
}


async def test_an_untouched_log_has_no_findings(sealed: World) -> None:
    assert await tree_findings(sealed) == []
    assert await tree_findings(sealed, kept=[each.note for each in sealed.storage.tree.checkpoints.values()]) == []


async def test_an_empty_log_has_no_findings(world: World) -> None:
    assert await tree_findings(world) == []


@pytest.mark.parametrize(("tamper", "problem"), TAMPERINGS.values(), ids=TAMPERINGS)
async def test_tampering_is_named(sealed: World, tamper: Callable[[World], object], problem: str) -> None:
    tamper(sealed)
    found = await tree_findings(sealed)
    assert any(problem in finding.problem for finding in found), found
    assert {finding.kind for finding in found} == {FindingKind.DAMAGE}


async def test_only_the_first_root_that_does_not_match_is_named(sealed: World) -> None:
    edit_leaf(sealed, 0, hash=bytes(32))
    roots = [finding for finding in await tree_findings(sealed) if "root does not match" in finding.problem]
    assert [finding.checkpoint for finding in roots] == [2]


async def test_a_subtree_that_is_not_that_of_its_leaves_is_named(world: World) -> None:
    async with world.storage.transaction() as tx:
        await tx.events.append([stream_of("Submitted") for _ in range(300)])
    await world.sealer.seal()
    assert await tree_findings(world) == []
    world.storage.tree.subtrees[8, 0] = bytes(32)
    (finding,) = await tree_findings(world)
    assert (finding.subject, "subtree 8/0" in finding.problem) == ("tree_nodes.hash", True)


async def test_a_checkpoint_that_is_signed_during_the_walk_is_checked_as_well(sealed: World) -> None:
    done: list[int] = []
    async for size, found in sealed.tree_audit.recompute():
        assert found == []
        if not done:
            await submitted(sealed)
            await sealed.sealer.seal()
        done.append(size)
    assert done[-1] == 5
    assert done == sorted(done)


BEHIND, UNSTARTED = (1, 1), (99, 1)
UNSEALED: dict[str, tuple[Callable[[World], object], str]] = {
    "inserted behind the checkpoint": (lambda world: move_action(world, BEHIND), "although later entries are covered"),
    "from a transaction that has not started": (lambda world: move_action(world, UNSTARTED), "has not started"),
    "changed": (lambda world: edit_action(world, reason="another"), "does not match its hash"),
}


@pytest.mark.parametrize(("tamper", "problem"), UNSEALED.values(), ids=UNSEALED)
async def test_an_action_that_no_checkpoint_covers_is_named_if_it_was_tampered_with(
    world: World, tamper: Callable[[World], object], problem: str
) -> None:
    await started(world)
    await world.sealer.seal()
    act_id = await acted(world)
    assert await tree_findings(world) == []
    tamper(world)
    (finding,) = await tree_findings(world)
    assert (finding.act_id, problem in finding.problem) == (act_id, True)


async def archived(world: World, size: int, events: int) -> UUID:
    """Record that the first two events moved into an archive, and remove them from the database."""
    batch_id = batch_of(world)
    bound = UUID(int=batch_id.int + 1)
    await acted(world, ActionKind.ARCHIVE, before=str(bound), size=size, events=events, sha256="00")
    await world.sealer.seal()
    del world.storage.state.events[batch_id]
    return batch_id


async def test_events_that_an_archive_excuses_may_be_missing(sealed: World) -> None:
    await archived(sealed, size=4, events=2)
    assert await tree_findings(sealed) == []


async def test_an_archive_of_another_count_of_events_is_named(sealed: World) -> None:
    await archived(sealed, size=4, events=3)
    (finding,) = await tree_findings(sealed)
    assert "3 events" in finding.problem
    assert "but 2 leaves name such events" in finding.problem


async def test_an_archive_excuses_only_leaves_below_its_size(sealed: World) -> None:
    await archived(sealed, size=1, events=1)
    assert [finding.version for finding in await tree_findings(sealed)] == [2]


async def test_events_that_are_archived_during_the_walk_are_excused(sealed: World) -> None:
    walk = sealed.tree_audit.recompute()
    assert await anext(walk) == (0, [])
    await archived(sealed, size=4, events=2)
    assert [finding async for _, found in walk for finding in found] == []


async def test_the_latest_checkpoint_is_checked_alone(sealed: World) -> None:
    assert list(await sealed.tree_audit.latest_checkpoint()) == []
    re_sign(sealed, 4, root=bytes(32))
    (finding,) = await sealed.tree_audit.latest_checkpoint()
    assert (finding.checkpoint, "not that of the stored tree" in finding.problem) == (4, True)
    edit_checkpoint(sealed, 4, note="x")
    (finding,) = await sealed.tree_audit.latest_checkpoint()
    assert "proves nothing" in finding.problem


async def test_without_a_checkpoint_there_is_none_to_check(world: World) -> None:
    assert list(await world.tree_audit.latest_checkpoint()) == []


async def test_each_leaf_of_a_batch_must_lead_to_the_signed_root(sealed: World) -> None:
    batch_id = batch_of(sealed)
    assert list(await sealed.tree_audit.batch(batch_id)) == []
    assert list(await sealed.tree_audit.batch(new_id())) == []
    edit_leaf(sealed, 1, hash=bytes(32))
    assert [finding.version for finding in await sealed.tree_audit.batch(batch_id)] == [1, 2]
