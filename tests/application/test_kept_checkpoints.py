"""Checkpoints that were kept out of reach of the database: the log must still begin with what they signed."""

from dataclasses import replace

import pytest

from adapters.ed25519 import Ed25519Signer
from application.audit.findings import Finding, FindingKind
from application.audit.signed_notes import sign
from tests.application.batches import submitted
from tests.application.conftest import World
from tests.application.tampering import signed, tree_findings

OTHER = Ed25519Signer("fna-batch", bytes(32))


@pytest.fixture
async def sealed(world: World) -> World:
    """A log of two checkpoints, over one event and over two."""
    for _ in range(2):
        await submitted(world)
        await world.sealer.seal()
    return world


async def both_ways(world: World, *kept: str) -> Finding:
    """Return the only finding; recomputing the tree and reading the stored tree must agree on it."""
    recomputed, (stored,) = await tree_findings(world, kept), await world.tree_audit.kept_checkpoints(kept)
    assert recomputed == [stored]
    return stored


async def test_checkpoints_that_the_log_still_holds_give_no_finding(sealed: World) -> None:
    kept = [each.note for each in sealed.storage.tree.checkpoints.values()]
    assert list(await sealed.tree_audit.kept_checkpoints(kept)) == []
    assert await tree_findings(sealed, kept) == []


async def test_without_kept_checkpoints_there_is_nothing_to_compare(world: World) -> None:
    assert list(await world.tree_audit.kept_checkpoints([])) == []


async def test_a_log_that_does_not_begin_with_a_kept_checkpoint_is_named(sealed: World) -> None:
    kept = sign(replace(signed(sealed, 1), root=bytes(32)).text, sealed.signer)
    finding = await both_ways(sealed, kept)
    assert (finding.checkpoint, finding.kind) == (1, FindingKind.DAMAGE)
    assert "does not begin with what this kept checkpoint signed" in finding.problem


async def test_a_log_that_ends_before_a_kept_checkpoint_is_named(sealed: World) -> None:
    kept = sign(replace(signed(sealed, 2), size=7).text, sealed.signer)
    finding = await both_ways(sealed, kept)
    assert (finding.checkpoint, "the log ends before it" in finding.problem) == (7, True)


async def test_a_kept_checkpoint_of_an_unknown_key_proves_nothing(sealed: World) -> None:
    finding = await both_ways(sealed, sign(signed(sealed, 1).text, OTHER))
    assert finding.kind is FindingKind.UNUSABLE_CHECKPOINT
    assert "None of the trusted keys has signed it" in finding.problem


async def test_several_checkpoints_of_one_size_are_each_compared(sealed: World) -> None:
    right = sealed.storage.tree.checkpoints[1].note
    wrong = sign(replace(signed(sealed, 1), root=bytes(32)).text, sealed.signer)
    assert (await both_ways(sealed, right, wrong)).checkpoint == 1
