"""Proofs of inclusion and consistency, and receipts, checked by a program that shares no code with the service."""

import pytest

from application.audit.findings import DamageFound
from application.audit.proofs import NoSuchEvent, NoSuchTree, NotSealed, RootMismatch
from application.audit.receipt_signer import ReceiptSigner
from application.errors import BatchNotFound
from tests.application.batches import STRANGER, USER, started, submitted
from tests.application.conftest import World
from tests.application.tampering import edit_checkpoint, edit_event, edit_leaf, signed
from tests.support.builders import new_id, stream_of
from tests.support.offline_verifier import verify_proof


async def grown(world: World) -> list[int]:
    """Seal a log of one batch, then three hundred more events, then one; return the sizes."""
    for batches in (300, 1):
        await world.sealer.seal()
        async with world.storage.transaction() as tx:
            await tx.events.append([stream_of("Submitted") for _ in range(batches)])
    await world.sealer.seal()
    return sorted(world.storage.tree.checkpoints)


async def test_an_event_is_proved_to_every_signed_tree_that_includes_it(world: World) -> None:
    batch_id = await started(world)
    sizes = await grown(world)
    event = world.storage.state.events[batch_id][1]
    for size in sizes:
        proof = await world.proofs.inclusion(batch_id, 2, size)
        root = verify_proof.root_by_inclusion(event.hash, proof.leaf_index, size, proof.path)
        assert root == signed(world, size).root
    latest = await world.proofs.inclusion(batch_id, 2)
    assert latest.checkpoint.size == sizes[-1]


async def test_every_signed_tree_is_proved_to_begin_with_the_earlier_ones(world: World) -> None:
    await started(world)
    sizes = await grown(world)
    for new in sizes:
        for old in (size for size in sizes if size <= new):
            proof = await world.proofs.consistency(old, new)
            roots = signed(world, old).root, signed(world, new).root
            assert verify_proof.roots_by_consistency(old, new, proof.path, roots[0]) == roots
    assert (await world.proofs.consistency(sizes[0])).new.size == sizes[-1]


async def test_an_event_has_no_proof_until_a_checkpoint_covers_it(world: World) -> None:
    batch_id = await submitted(world)
    with pytest.raises(NotSealed, match="anything"):
        await world.proofs.inclusion(batch_id, 1)
    await world.sealer.seal()
    later = await submitted(world)
    with pytest.raises(NotSealed, match="version 1"):
        await world.proofs.inclusion(later, 1)
    await world.sealer.seal()
    with pytest.raises(NotSealed, match="version 1"):
        await world.proofs.inclusion(later, 1, size=1)


async def test_an_event_that_was_never_recorded_has_no_proof(world: World) -> None:
    batch_id = await submitted(world)
    await world.sealer.seal()
    for named, version in ((batch_id, 2), (new_id(), 1)):
        with pytest.raises(NoSuchEvent):
            await world.proofs.inclusion(named, version)


async def test_a_size_that_no_checkpoint_signs_proves_nothing(world: World) -> None:
    batch_id = await started(world)
    await world.sealer.seal()
    for asked in (world.proofs.inclusion(batch_id, 1, 1), world.proofs.consistency(1), world.proofs.consistency(2, 1)):
        with pytest.raises(NoSuchTree):
            await asked


async def test_a_larger_tree_is_not_the_beginning_of_a_smaller_one(world: World) -> None:
    await started(world)
    small, *_, large = await grown(world)
    with pytest.raises(NoSuchTree):
        await world.proofs.consistency(large, small)


async def test_a_leaf_that_was_changed_has_no_proof(world: World) -> None:
    batch_id = await submitted(world)
    await world.sealer.seal()
    edit_leaf(world, 0, hash=bytes(32))
    with pytest.raises(RootMismatch):
        await world.proofs.inclusion(batch_id, 1)


async def test_a_checkpoint_that_no_trusted_key_signed_proves_nothing(world: World) -> None:
    batch_id = await submitted(world)
    await world.sealer.seal()
    edit_checkpoint(world, 1, note="not signed\n")
    with pytest.raises(RootMismatch):
        await world.proofs.inclusion(batch_id, 1)


async def test_a_receipt_gains_its_proof_when_a_checkpoint_covers_the_submission(world: World) -> None:
    batch_id = await submitted(world)
    before = await world.receipts(USER, batch_id)
    assert before.inclusion is None
    await world.sealer.seal()
    after = await world.receipts(USER, batch_id)
    assert (after.note, after.submitted) == (before.note, before.submitted)
    assert after.inclusion is not None
    proof = {
        "note": after.note,
        "inclusion": {
            "leaf_index": after.inclusion.leaf_index,
            "path": [each.hex() for each in after.inclusion.path],
            "checkpoint": after.inclusion.checkpoint.note,
        },
    }
    assert verify_proof.proven(proof, [str(key) for key in world.trusted])


async def test_receipts_are_signed_with_the_key_of_the_checkpoints(world: World) -> None:
    assert ReceiptSigner(world.signer).public_key == world.trusted[0]


async def test_a_receipt_is_for_the_owner_alone(world: World) -> None:
    batch_id = await submitted(world)
    with pytest.raises(BatchNotFound):
        await world.receipts(STRANGER, batch_id)


async def test_no_receipt_is_signed_over_a_damaged_batch(world: World) -> None:
    batch_id = await submitted(world)
    edit_event(world, batch_id, 1, data={**world.storage.state.events[batch_id][0].data, "tier": "Basic"})
    with pytest.raises(DamageFound):
        await world.receipts(USER, batch_id)
