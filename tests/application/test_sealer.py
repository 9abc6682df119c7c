"""Sealing: which checkpoints a machine signs, and which it refuses to extend."""

import pytest

from adapters.ed25519 import Ed25519Signer, ed25519_verifies
from application.audit.sealer import MOST, NOTHING_BEFORE
from application.audit.signed_notes import Checkpoint, note_hash, opened_checkpoint, public_key, sign
from application.errors import CannotSeal
from tests.application.batches import started, submitted
from tests.application.conftest import World
from tests.application.tampering import unreadable
from tests.support.builders import stream_of

OTHER = Ed25519Signer("fna-batch", bytes(32))


async def appended(world: World, batches: int = 1) -> None:
    async with world.storage.transaction() as tx:
        await tx.events.append([stream_of("Submitted") for _ in range(batches)])


def checkpoints(world: World) -> list[Checkpoint]:
    stored = world.storage.tree.checkpoints
    trusted = (*world.trusted, public_key(OTHER))
    return [opened_checkpoint(stored[size].note, trusted, ed25519_verifies) for size in sorted(stored)]


async def test_a_checkpoint_covers_what_was_appended_and_names_the_one_before(world: World) -> None:
    await started(world)
    assert await world.sealer.seal() == 2
    await submitted(world)
    assert await world.sealer.seal() == 1
    first, second = checkpoints(world)
    assert (first.size, second.size) == (2, 3)
    assert (first.previous, second.previous) == (NOTHING_BEFORE, note_hash(world.storage.tree.checkpoints[2].note))
    assert world.storage.tree.checkpoints[3].previous_size == 2


async def test_without_new_entries_no_checkpoint_is_signed(world: World) -> None:
    assert await world.sealer.seal() == 0
    await appended(world)
    assert [await world.sealer.seal() for _ in range(2)] == [1, 0]
    assert len(checkpoints(world)) == 1


async def test_one_checkpoint_adds_a_thousand_entries_at_most(world: World) -> None:
    await appended(world, MOST + 1)
    assert await world.sealer.seal_all() == MOST + 1
    assert [checkpoint.size for checkpoint in checkpoints(world)] == [MOST, MOST + 1]


async def test_a_sealer_leaves_the_log_to_another_that_runs(world: World) -> None:
    await appended(world)
    async with world.log.sealing():
        assert await world.sealer.seal() == 0
    assert await world.sealer.seal() == 1


async def test_the_time_of_a_checkpoint_never_goes_back(world: World) -> None:
    await appended(world)
    await world.sealer.seal()
    await appended(world)
    world.clock.move(-3600)
    await world.sealer.seal()
    first, second = checkpoints(world)
    assert first.sealed_at == second.sealed_at


async def test_a_checkpoint_of_an_unknown_key_is_not_extended(world: World) -> None:
    await appended(world)
    await world.sealer.seal()
    await appended(world)
    with pytest.raises(CannotSeal, match="FNA_BATCH_TRUSTED_KEYS"):
        await world.sealer_with(OTHER).seal()
    assert len(checkpoints(world)) == 1


async def test_a_checkpoint_of_a_trusted_key_is_extended(world: World) -> None:
    await appended(world)
    await world.sealer.seal()
    await appended(world)
    heir = world.sealer_with(OTHER, [public_key(world.signer)])
    assert await heir.seal() == 1
    assert len(checkpoints(world)) == 2


async def test_a_tree_that_does_not_match_its_checkpoint_is_not_extended(world: World) -> None:
    await appended(world, 2)
    await world.sealer.seal()
    del world.storage.tree.leaves[1]
    await appended(world)
    with pytest.raises(CannotSeal, match="does not match checkpoint 2"):
        await world.sealer.seal()


async def test_nothing_is_sealed_while_the_remembered_checkpoint_is_unreadable(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await submitted(world)
    monkeypatch.setattr(world.witness, "remembered", unreadable)
    with pytest.raises(CannotSeal, match="make it readable"):
        await world.sealer.seal()


async def test_the_witness_remembers_the_latest_checkpoint_of_this_machine(world: World) -> None:
    assert world.witness.remembered() is None
    for _ in range(2):
        await appended(world)
        await world.sealer.seal()
    assert world.witness.remembered() == world.storage.tree.checkpoints[2].note


async def test_a_log_without_the_remembered_checkpoint_is_not_extended(world: World) -> None:
    await appended(world)
    await world.sealer.seal()
    world.storage.tree.checkpoints.clear()
    await appended(world)
    with pytest.raises(CannotSeal, match="the memory of this process"):
        await world.sealer.seal()


async def test_a_log_with_another_checkpoint_than_the_remembered_one_is_not_extended(world: World) -> None:
    await appended(world)
    await world.sealer.seal()
    (other,) = checkpoints(world)
    world.witness.remember(sign(other.text.replace("2026", "2025"), world.signer))
    await appended(world)
    with pytest.raises(CannotSeal, match="rolled back"):
        await world.sealer.seal()


async def test_a_remembered_checkpoint_of_a_key_that_is_no_longer_trusted_is_ignored(world: World) -> None:
    world.witness.remember(sign("fna-batch\n9\n", OTHER))
    await appended(world)
    assert await world.sealer.seal() == 1
