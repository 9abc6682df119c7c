"""Verification: a batch, everything, a page or a sample, always beside the checkpoint that this machine remembers."""

from uuid import UUID

import pytest

from adapters.ed25519 import Ed25519Signer
from application.audit.findings import FindingKind
from application.audit.signed_notes import sign
from application.audit.verified import Phase
from application.operator_actions import ActionKind
from tests.application.batches import finished, started, submitted
from tests.application.conftest import World
from tests.application.tampering import acted, edit_leaf, edit_row, re_sign, unreadable
from tests.support.builders import NOON, new_id

OTHER = Ed25519Signer("fna-batch", bytes(32))


@pytest.fixture
async def batches(world: World) -> list[UUID]:
    """Three batches that a checkpoint covers."""
    made = [await finished(world), await started(world), await submitted(world)]
    await world.sealer.seal()
    return made


def roll_back(world: World) -> None:
    """Put the tree back to before its only checkpoint; the witness still remembers it."""
    world.storage.tree.checkpoints.clear()
    world.storage.tree.leaves.clear()


class TestEverything:
    async def test_an_untouched_log_is_counted_and_has_no_findings(self, world: World, batches: list[UUID]) -> None:
        verified = await world.verification.everything()
        assert (verified.batches, verified.sealed, verified.findings) == (3, 8, [])
        assert (verified.archived_below, verified.unsealed, verified.unsealed_since) == (None, 0, None)

    async def test_what_no_checkpoint_covers_yet_is_counted(self, world: World, batches: list[UUID]) -> None:
        await submitted(world)
        verified = await world.verification.everything()
        assert (verified.unsealed, verified.unsealed_since) == (1, NOON)

    async def test_batches_and_tree_are_both_checked(self, world: World, batches: list[UUID]) -> None:
        edit_row(world, batches[0], failed=7)
        edit_leaf(world, 7, hash=bytes(32))
        found = {finding.subject for finding in (await world.verification.everything()).findings}
        assert found == {"batch_jobs.failed", "batch_events", "checkpoints.note", "checkpoints"}

    async def test_progress_is_reported_by_phase(self, world: World, batches: list[UUID]) -> None:
        progress: list[tuple[Phase, int, int]] = []
        await world.verification.everything(on_progress=lambda *step: progress.append(step))
        assert [step for step in progress if step[0] is Phase.BATCHES] == [(Phase.BATCHES, n, 3) for n in (1, 2, 3)]
        assert progress[3:][0] == (Phase.TREE, 0, 8)
        assert progress[-1] == (Phase.TREE, 8, 8)

    async def test_a_checkpoint_that_only_this_machine_remembers_is_missed(
        self, world: World, batches: list[UUID]
    ) -> None:
        roll_back(world)
        (finding,) = (await world.verification.everything()).findings
        assert (finding.checkpoint, "the log ends before it" in finding.problem) == (8, True)

    async def test_an_unreadable_memory_of_this_machine_is_a_finding_everywhere(
        self, world: World, batches: list[UUID], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(world.witness, "remembered", unreadable)
        for verified in (
            await world.verification.everything(),
            await world.verification.batch(batches[0]),
            await world.verification.page(None, 9),
            await world.verification.sample(9, lambda _: 0),
        ):
            assert [finding.kind for finding in verified.findings] == [FindingKind.UNUSABLE_CHECKPOINT]

    async def test_a_kept_checkpoint_that_proves_nothing_is_named(self, world: World, batches: list[UUID]) -> None:
        (finding,) = (await world.verification.everything(kept=[sign("x\n", OTHER)])).findings
        assert finding.kind is FindingKind.UNUSABLE_CHECKPOINT

    async def test_the_highest_bound_of_an_archive_is_given(self, world: World, batches: list[UUID]) -> None:
        bounds = [new_id(), new_id()]
        for bound in bounds:
            await acted(world, ActionKind.ARCHIVE, before=str(bound), size=0, events=0, sha256="00")
        assert (await world.verification.everything()).archived_below == bounds[1]

    async def test_the_result_is_written_as_json(self, world: World, batches: list[UUID]) -> None:
        edit_row(world, batches[0], failed=7)
        as_dict = (await world.verification.everything()).as_dict()
        assert as_dict["batches"] == 3
        assert [finding["subject"] for finding in as_dict["findings"]] == ["batch_jobs.failed"]


class TestOneBatch:
    async def test_only_the_named_batch_is_checked(self, world: World, batches: list[UUID]) -> None:
        edit_row(world, batches[0], failed=7)
        untouched, edited = [await world.verification.batch(each) for each in batches[1::-1]]
        assert (untouched.batches, untouched.sealed, untouched.findings) == (1, 0, [])
        assert [finding.subject for finding in edited.findings] == ["batch_jobs.failed"]

    async def test_its_leaves_must_lead_to_the_signed_root(self, world: World, batches: list[UUID]) -> None:
        edit_leaf(world, 7, hash=bytes(32))
        found = (await world.verification.batch(batches[0])).findings
        assert {finding.subject for finding in found} == {"sealed_entries", "checkpoints.note", "checkpoints"}

    async def test_a_rollback_is_found_whichever_batch_is_checked(self, world: World, batches: list[UUID]) -> None:
        roll_back(world)
        (finding,) = (await world.verification.batch(batches[0])).findings
        assert "the log ends before it" in finding.problem

    async def test_a_kept_checkpoint_has_the_whole_tree_recomputed(self, world: World, batches: list[UUID]) -> None:
        kept = world.storage.tree.checkpoints[8].note
        progress: list[tuple[Phase, int, int]] = []
        verified = await world.verification.batch(
            batches[0], kept=[kept], on_progress=lambda *step: progress.append(step)
        )
        assert (verified.sealed, verified.findings) == (8, [])
        assert (progress[0], progress[-1]) == ((Phase.BATCHES, 1, 1), (Phase.TREE, 8, 8))

    async def test_the_bound_of_an_archive_concerns_batches_below_it_alone(
        self, world: World, batches: list[UUID]
    ) -> None:
        bound = batches[1]
        await acted(world, ActionKind.ARCHIVE, before=str(bound), size=0, events=0, sha256="00")
        below, at_the_bound = [await world.verification.batch(each) for each in batches[:2]]
        assert (below.archived_below, at_the_bound.archived_below) == (bound, None)


class TestPages:
    async def test_pages_check_every_batch_once(self, world: World, batches: list[UUID]) -> None:
        edit_row(world, batches[2], failed=7)
        first = await world.verification.page(None, 2)
        assert (first.batches, first.findings, first.following) == (2, [], batches[1])
        second = await world.verification.page(first.following, 2)
        assert (second.batches, second.following) == (1, None)
        assert [finding.batch_id for finding in second.findings] == [batches[2]]

    async def test_the_first_page_checks_the_checkpoints_as_well(self, world: World, batches: list[UUID]) -> None:
        re_sign(world, 8, root=bytes(32))
        world.witness.remember(world.storage.tree.checkpoints[8].note)
        first, second = [await world.verification.page(after, 2) for after in (None, batches[1])]
        assert {finding.checkpoint for finding in first.findings} == {8}
        assert second.findings == []
        assert len(await world.verification.checkpoint_findings()) == len(first.findings)


class TestSample:
    async def test_a_sample_begins_at_the_batch_of_a_random_leaf(self, world: World, batches: list[UUID]) -> None:
        asked: list[int] = []

        def pick(below: int) -> int:
            asked.append(below)
            return 6  # the second event of the second batch

        edit_row(world, batches[0], failed=7)
        sample = await world.verification.sample(1, pick)
        assert (asked, sample.batches, sample.findings, sample.following) == ([8], 1, [], batches[1])

    async def test_a_sample_follows_the_leaves_of_its_batches(self, world: World, batches: list[UUID]) -> None:
        edit_leaf(world, 7, hash=bytes(32))
        sample = await world.verification.sample(3, lambda _: 0)
        assert {finding.subject for finding in sample.findings} >= {"sealed_entries", "checkpoints.note"}

    async def test_without_a_checkpoint_a_sample_begins_with_the_first_batch(self, world: World) -> None:
        batch_id = await submitted(world)
        edit_row(world, batch_id, failed=7)
        sample = await world.verification.sample(1, lambda _: 0)
        assert [finding.batch_id for finding in sample.findings] == [batch_id]

    async def test_a_leaf_of_an_action_has_the_sample_begin_with_the_first_batch(self, world: World) -> None:
        await acted(world)
        await world.sealer.seal()
        assert (await world.verification.sample(1, lambda _: 0)).batches == 0


class TestReading:
    async def test_the_log_is_read_by_pages(self, world: World, batches: list[UUID]) -> None:
        whole = await world.verification.log((0, 0), 100)
        assert [event.batch_id for _, event in whole] == [batches[0]] * 5 + [batches[1]] * 2 + [batches[2]]
        assert list(await world.verification.log(whole[5][0], 1)) == list(whole[6:7])

    async def test_actions_are_read_by_pages(self, world: World) -> None:
        recorded = [await acted(world) for _ in range(3)]
        page = await world.verification.actions(after=recorded[0], limit=1)
        assert [action.act_id for action, _ in page] == recorded[1:2]
        assert [action.act_id async for action, _ in world.verification.all_actions(page_size=2)] == recorded

    async def test_checkpoints_are_read_by_pages_the_largest_first(self, world: World, batches: list[UUID]) -> None:
        await submitted(world)
        await world.sealer.seal()
        page = await world.verification.checkpoints(below=None, limit=1)
        rest = await world.verification.checkpoints(below=page[-1].size, limit=9)
        assert [stored.size for stored in [*page, *rest]] == [9, 8]
        assert await world.verification.latest_checkpoint() == page[0]

    async def test_batches_are_counted_and_have_a_history(self, world: World, batches: list[UUID]) -> None:
        assert await world.verification.batch_count() == 3
        assert len((await world.verification.history(batches[0])).events) == 5
