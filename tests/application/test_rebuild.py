"""Rebuilding the read model, as a whole or one batch, and what is recorded of it."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from application.audit.findings import DamageFound
from application.errors import UnknownToTheLog
from application.operations.rebuild import Progress, RebuildRuns
from application.operator_actions import ActionKind
from domain.statuses import ReportStatus
from tests.application.batches import USER, WHY, finished, started, submitted
from tests.application.conftest import RETENTION, World
from tests.application.tampering import acted, edit_event, edit_row, remove_event
from tests.support.builders import batch_job, new_id


async def rebuilt(world: World) -> Progress:
    return [progress async for progress in world.rebuild.everything(WHY)][-1]


async def drift(world: World) -> list[str]:
    return [finding.problem async for _, found in world.batch_audit.batches() for finding in found]


class TestEverything:
    async def test_an_intact_read_model_stays_as_it_is(self, world: World) -> None:
        await finished(world)
        await started(world)
        before = dict(world.storage.state.jobs)
        progress = await rebuilt(world)
        assert (progress.batches, progress.drifted, progress.rewritten, progress.added) == (2, 0, 0, 0)
        assert world.storage.state.jobs == before
        assert world.actions() == [("rebuild", {"batches": 2, "drifted": [], "rewritten": 0, "added": 0})]

    async def test_rows_that_drifted_are_rewritten_and_missing_rows_added(self, world: World) -> None:
        wrong, missing, running = await finished(world), await finished(world), await started(world)
        before = dict(world.storage.state.jobs)
        edit_row(world, wrong, failed=7)
        edit_row(world, running, failed=7)
        del world.storage.state.jobs[missing]
        progress = await rebuilt(world)
        assert (progress.drifted_first, progress.rewritten, progress.added) == ([wrong, missing, running], 1, 1)
        assert world.storage.state.jobs == before
        assert await drift(world) == []
        assert [kind for kind, _ in world.actions()] == ["rebuild", "repair"]

    async def test_rows_that_the_log_does_not_give_are_removed(self, world: World) -> None:
        async with world.storage.transaction() as tx:
            await tx.batch_jobs.save(batch_job(new_id(), user_id=USER))
        assert (await rebuilt(world)).removed == 1
        assert (world.storage.state.jobs, world.storage.state.busy) == ({}, {})

    async def test_statuses_and_reservations_are_repaired(self, world: World) -> None:
        batch_id = await finished(world)
        (report_id, _) = world.storage.state.jobs[batch_id].report_ids
        reports = world.storage.state.reports
        reports[report_id] = replace(reports[report_id], processing_status=ReportStatus.PENDING)
        world.storage.state.busy[report_id] = batch_id
        await rebuilt(world)
        assert world.storage.state.reports[report_id].processing_status is ReportStatus.COMPLETED
        assert await drift(world) == []

    async def test_a_damaged_batch_gives_no_row_and_is_named(self, world: World) -> None:
        damaged, sound = await finished(world), await finished(world)
        remove_event(world, damaged, 2)
        for batch_id in (damaged, sound):
            edit_row(world, batch_id, failed=7)
        progress = await rebuilt(world)
        assert {finding.batch_id for finding in progress.damage} == {damaged}
        assert (progress.damaged, progress.drifted_first) == (1, [sound])
        assert world.storage.state.jobs[damaged].failed == 7

    async def test_rows_that_retention_removed_do_not_come_back(self, world: World) -> None:
        batch_id = await finished(world)
        del world.storage.state.jobs[batch_id]
        world.clock.now += RETENTION + timedelta(seconds=1)
        assert (await rebuilt(world)).added == 0
        assert world.storage.state.jobs == {}

    async def test_progress_is_given_page_by_page(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("application.operations.rebuild.PAGE", 2)
        for _ in range(5):
            await finished(world, reports=1)
        seen = [progress.batches async for progress in world.rebuild.everything(WHY)]
        assert seen == [2, 4, 5]

    async def test_only_one_rebuild_runs_at_a_time(self, world: World) -> None:
        async with world.shadow_tables.open():
            with pytest.raises(RebuildRuns):
                await rebuilt(world)
        assert world.actions() == []


class TestOneBatch:
    async def test_its_row_is_repaired_and_the_drift_recorded_by_column(self, world: World) -> None:
        batch_id, other = await finished(world), await finished(world)
        for each in (batch_id, other):
            edit_row(world, each, failed=7)
        found = await world.rebuild.batch(batch_id, WHY)
        assert [finding.problem for finding in found] == ["batch_jobs.failed is 7, but the log says 0"]
        assert world.actions() == [("repair", {"batch_id": str(batch_id), "found": ["batch_jobs.failed"]})]
        assert (world.storage.state.jobs[batch_id].failed, world.storage.state.jobs[other].failed) == (0, 7)

    async def test_without_drift_nothing_is_recorded(self, world: World) -> None:
        assert list(await world.rebuild.batch(await finished(world), WHY)) == []
        assert world.actions() == []

    async def test_a_missing_row_of_a_running_batch_is_made_again(self, world: World) -> None:
        batch_id = await started(world)
        before = world.storage.state.jobs.pop(batch_id)
        world.storage.state.busy.clear()
        await world.rebuild.batch(batch_id, WHY)
        assert world.storage.state.jobs[batch_id] == before
        assert set(world.storage.state.busy) == set(before.report_ids)

    async def test_statuses_are_repaired_even_if_retention_removed_the_row(self, world: World) -> None:
        batch_id = await finished(world, reports=1)
        (report_id,) = world.storage.state.jobs.pop(batch_id).report_ids
        world.clock.now += RETENTION + timedelta(seconds=1)
        reports = world.storage.state.reports
        reports[report_id] = replace(reports[report_id], processing_status=ReportStatus.PENDING)
        await world.rebuild.batch(batch_id, WHY)
        assert world.storage.state.reports[report_id].processing_status is ReportStatus.COMPLETED
        assert batch_id not in world.storage.state.jobs

    async def test_the_row_of_an_erased_batch_is_removed(self, world: World) -> None:
        batch_id = await finished(world)
        await acted(world, ActionKind.ERASE, user_id=str(USER), batch_ids=[str(batch_id)])
        await world.rebuild.batch(batch_id, WHY)
        assert world.storage.state.jobs == {}

    async def test_an_unknown_batch_is_refused(self, world: World) -> None:
        with pytest.raises(UnknownToTheLog):
            await world.rebuild.batch(new_id(), WHY)

    async def test_a_damaged_batch_is_refused(self, world: World) -> None:
        batch_id = await submitted(world)
        edit_event(world, batch_id, 1, data={})
        with pytest.raises(DamageFound):
            await world.rebuild.batch(batch_id, WHY)

    async def test_an_archived_batch_is_refused_with_a_hint_at_the_archive(self, world: World) -> None:
        batch_id = await finished(world)
        await world.sealer.seal()
        bound = UUID(int=batch_id.int + 1)
        await acted(world, ActionKind.ARCHIVE, before=str(bound), size=5, events=5, sha256="00")
        del world.storage.state.events[batch_id], world.storage.state.jobs[batch_id]
        with pytest.raises(UnknownToTheLog, match="archive file"):
            await world.rebuild.batch(batch_id, WHY)
