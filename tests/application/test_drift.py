"""The audit of batches beside the tree, the other tables, erasures, archives and retention."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from application.asker import OPERATOR
from application.audit.drift import shown
from application.audit.findings import DamageFound, Finding, FindingKind, Table, damage_among, drift_among
from application.errors import UnknownToTheLog
from application.log import instant, with_hash
from application.operator_actions import ActionKind
from application.read_model import ReportResult
from domain.statuses import ReportStatus
from tests.application.batches import ASKED, USER, finished, started, submitted
from tests.application.conftest import RETENTION, World
from tests.application.tampering import acted, edit_event, remove_event
from tests.support.builders import NOON, new_id


async def subjects(world: World, batch_id: UUID) -> list[str]:
    return [finding.subject for finding in await world.batch_audit.batch(batch_id)]


async def problem(world: World, batch_id: UUID) -> str:
    (finding,) = await world.batch_audit.batch(batch_id)
    return finding.problem


class TestEventsBesideTheTree:
    async def test_a_missing_event_that_a_checkpoint_covers_is_damage(self, world: World) -> None:
        batch_id = await started(world)
        await world.sealer.seal()
        remove_event(world, batch_id, 2)
        assert "a checkpoint covers the event, but the event is missing" in await problem(world, batch_id)

    async def test_an_event_that_was_rewritten_with_its_hash_is_damage(self, world: World) -> None:
        batch_id = await started(world)
        await world.sealer.seal()
        forged = with_hash(replace(world.storage.state.events[batch_id][1], data={"worker_id": "w9", "attempt": 1}))
        edit_event(world, batch_id, 2, data=forged.data, hash=forged.hash)
        assert "it is not the event that a checkpoint covers" in await problem(world, batch_id)

    @pytest.mark.parametrize(
        ("position", "expected"),
        [((1, 0), "it was inserted or moved afterwards"), ((99, 1), "its transaction has not started")],
        ids=["behind the checkpoint", "in a transaction that has not started"],
    )
    async def test_an_event_at_a_position_where_none_can_be_is_damage(
        self, world: World, position: tuple[int, int], expected: str
    ) -> None:
        await submitted(world)
        await world.sealer.seal()
        batch_id = await submitted(world)
        world.storage.state.positions[batch_id, 1] = position
        assert expected in await problem(world, batch_id)


class TestOtherTables:
    async def test_a_report_status_that_was_edited_is_drift(self, world: World) -> None:
        batch_id = await submitted(world)
        reports = world.storage.state.reports
        edited = world.storage.state.jobs[batch_id].report_ids[0]
        reports[edited] = replace(reports[edited], processing_status=ReportStatus.COMPLETED)
        assert await subjects(world, batch_id) == ["financial_reports.processing_status"]

    @pytest.mark.parametrize("unfinished", [True, False])
    async def test_a_reservation_that_the_log_does_not_give_is_drift(self, world: World, unfinished: bool) -> None:
        batch_id = await started(world) if unfinished else await finished(world)
        world.storage.state.busy = {} if unfinished else {new_id(): batch_id}
        assert await subjects(world, batch_id) == ["busy_reports"]

    async def test_reservations_of_a_batch_without_events_are_drift(self, world: World) -> None:
        world.storage.state.busy[new_id()] = batch_id = new_id()
        assert "but the log has no event" in await problem(world, batch_id)

    async def test_a_batch_that_nothing_knows_is_unknown(self, world: World) -> None:
        (finding,) = await world.batch_audit.batch(new_id())
        assert finding.kind is FindingKind.UNKNOWN_BATCH


class TestErasure:
    async def erased(self, world: World, batch_id: UUID) -> None:
        await acted(world, ActionKind.ERASE, user_id=str(USER), batch_ids=[str(batch_id)])

    async def test_the_row_of_an_erased_batch_must_be_missing(self, world: World) -> None:
        batch_id = await finished(world)
        await self.erased(world, batch_id)
        assert "its owner's data was erased" in await problem(world, batch_id)
        del world.storage.state.jobs[batch_id]
        assert await subjects(world, batch_id) == []

    async def test_an_erasure_of_an_unfinished_batch_is_drift(self, world: World) -> None:
        batch_id = await started(world)
        await self.erased(world, batch_id)
        del world.storage.state.jobs[batch_id]
        assert "did not cancel it first" in await problem(world, batch_id)


class TestArchive:
    @pytest.fixture
    async def archived(self, world: World) -> UUID:
        batch_id = await finished(world)
        await world.sealer.seal()
        bound = UUID(int=batch_id.int + 1)
        await acted(world, ActionKind.ARCHIVE, before=str(bound), size=5, events=5, sha256="00")
        del world.storage.state.events[batch_id]
        return batch_id

    async def test_the_row_of_an_archived_batch_must_be_missing(self, world: World, archived: UUID) -> None:
        assert "its events were archived" in await problem(world, archived)
        del world.storage.state.jobs[archived]
        assert await subjects(world, archived) == []

    async def test_reservations_of_an_archived_batch_are_drift(self, world: World, archived: UUID) -> None:
        del world.storage.state.jobs[archived]
        world.storage.state.busy[new_id()] = archived
        assert await subjects(world, archived) == ["busy_reports"]

    async def test_an_archived_batch_is_unknown_with_a_hint_at_the_archive(self, world: World, archived: UUID) -> None:
        del world.storage.state.jobs[archived]
        for reading in (world.batch_audit.history(archived), world.batch_audit.intact(archived)):
            with pytest.raises(UnknownToTheLog, match="archive file"):
                await reading


class TestRetention:
    async def test_a_recorded_clean_up_excuses_a_missing_row(self, world: World) -> None:
        batch_id = await finished(world)
        del world.storage.state.jobs[batch_id]
        assert await subjects(world, batch_id) == ["batch_jobs"]
        await acted(world, ActionKind.CLEANUP, before=instant(NOON + timedelta(seconds=1)), rows=1)
        assert await subjects(world, batch_id) == []

    async def test_the_log_expects_no_row_that_retention_removed(self, world: World) -> None:
        batch_id = await finished(world)
        expected = world.storage.state.jobs.pop(batch_id)
        assert world.batch_audit.expected(await world.source.batch(batch_id)) == expected
        world.clock.now += RETENTION + timedelta(seconds=1)
        assert world.batch_audit.expected(await world.source.batch(batch_id)) is None


class TestHistory:
    async def test_the_history_ends_at_an_instant(self, world: World) -> None:
        batch_id = await submitted(world)
        pending = world.storage.state.jobs[batch_id]
        world.clock.move(60)
        await world.cancel(batch_id, OPERATOR, ASKED)
        history = await world.batch_audit.history(batch_id, NOON)
        assert ([event.version for event in history.events], history.job, history.damage) == ([1], pending, [])

    async def test_a_batch_has_no_history_before_its_submission(self, world: World) -> None:
        batch_id = await submitted(world)
        with pytest.raises(UnknownToTheLog, match="at that instant"):
            await world.batch_audit.history(batch_id, NOON - timedelta(seconds=1))

    async def test_the_history_of_a_damaged_batch_shows_the_damage_and_no_row(self, world: World) -> None:
        batch_id = await started(world)
        edit_event(world, batch_id, 2, data={})
        history = await world.batch_audit.history(batch_id)
        assert (len(history.events), history.job) == (2, None)
        assert [finding.version for finding in history.damage] == [2, 2]

    async def test_operations_do_not_build_on_a_damaged_batch(self, world: World) -> None:
        batch_id = await started(world)
        assert (await world.batch_audit.intact(batch_id)).batch_id == batch_id
        edit_event(world, batch_id, 2, data={})
        with pytest.raises(DamageFound) as refused:
            await world.batch_audit.intact(batch_id)
        assert list(refused.value.findings) == damage_among(await world.batch_audit.batch(batch_id))


def test_findings_are_written_for_people_and_for_programs() -> None:
    batch_id = UUID(int=1)
    drift = Finding(
        kind=FindingKind.DRIFT,
        table=Table.BATCH_JOBS,
        column="status",
        batch_id=batch_id,
        version=2,
        problem="wrong",
    )
    assert str(drift) == f"batch {batch_id} version 2: wrong"
    assert drift.as_dict()["subject"] == "batch_jobs.status"
    assert str(replace(drift, batch_id=None, version=None)) == "the log: wrong"
    assert (drift_among([drift]), damage_among([drift])) == ([drift], [])


SHOWN: list[tuple[object, str]] = [
    (NOON, "2026-03-03T12:00:00+00:00"),
    ((), "empty"),
    ((UUID(int=1), UUID(int=2)), f"{UUID(int=1)}; {UUID(int=2)}"),
    (
        ReportResult(report_id=UUID(int=1), status="success", analysis_id=UUID(int=2), errors=()),
        f"{UUID(int=1)} success {UUID(int=2)}",
    ),
    (
        ReportResult(report_id=UUID(int=1), status="failed", analysis_id=None, errors=("X: because",)),
        f"{UUID(int=1)} failed X: because",
    ),
    (7, "7"),
]


@pytest.mark.parametrize(("value", "text"), SHOWN)
def test_values_of_a_row_are_shown_as_text(value: object, text: str) -> None:
    assert shown(value) == text
