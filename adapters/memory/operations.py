"""The operators' ports in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from adapters.memory.state import State, StoredAction
from application.errors import ClockAhead
from application.operations.ports.actions import Actions
from application.operations.ports.erasure import UserData
from application.operations.ports.read_model_repair import ReadModelRepair
from application.operator_actions import ActionKind, OperatorAction
from application.ports.clock import Clock
from application.read_model import BatchJob

AFTER_EVENTS = 1 << 62
"""The lowest position of an action, so that within a transaction actions come after events."""
TOLERANCE = timedelta(minutes=1)
"""How far a clean-up may reach ahead of the clock."""


class MemoryReadModelRepair(ReadModelRepair):
    def __init__(self, state: State) -> None:
        self._state = state

    async def lock(self, batch_id: UUID) -> None:
        return None

    async def hold(self, job: BatchJob) -> None:
        self._state.jobs.setdefault(job.batch_id, job)

    async def restore(self, job: BatchJob) -> None:
        state = self._state
        state.jobs[job.batch_id] = job
        await self.restore_statuses(job)
        state.busy = {report: batch for report, batch in state.busy.items() if batch != job.batch_id}
        if not job.status.is_final:
            state.busy = dict.fromkeys(job.report_ids, job.batch_id) | state.busy

    async def restore_statuses(self, job: BatchJob) -> None:
        state = self._state
        for report_id, status in job.report_statuses().items():
            if report_id in state.reports and state.latest_batch_of(report_id) == job.batch_id:
                state.reports[report_id] = replace(state.reports[report_id], processing_status=status)

    async def remove(self, batch_id: UUID) -> None:
        self._state.jobs.pop(batch_id, None)
        self._state.busy = {report: batch for report, batch in self._state.busy.items() if batch != batch_id}

    async def remove_processed(self, before: datetime, limit: int) -> int:
        processed = self._processed(before)[:limit]
        for batch_id in processed:
            del self._state.jobs[batch_id]
        return len(processed)

    async def count_processed(self, before: datetime) -> int:
        return len(self._processed(before))

    def _processed(self, before: datetime) -> list[UUID]:
        return [
            job.batch_id
            for job in self._state.jobs.values()
            if job.status.is_final and job.processed_at is not None and job.processed_at < before
            if not (stream := self._state.events.get(job.batch_id)) or stream[-1].type == "Finished"
        ]

    async def keep_erasure_out(self) -> None:
        return None


class MemoryActions(Actions):
    def __init__(self, state: State, clock: Clock) -> None:
        self._state, self._clock = state, clock

    async def record(self, action: OperatorAction) -> None:
        if action.kind == ActionKind.CLEANUP:
            before = datetime.fromisoformat(action.data["before"])
            if before > self._clock() + TOLERANCE:
                raise ClockAhead
        self._state.actions[action.act_id] = StoredAction(
            action=action,
            hash=action.computed_hash(),
            global_position=(self._state.transaction, AFTER_EVENTS + len(self._state.actions)),
        )


class MemoryUserData(UserData):
    def __init__(self, state: State) -> None:
        self._state = state

    async def lock_erasure(self) -> None:
        return None

    async def wait_for_user(self, user_id: UUID) -> None:
        return None

    async def remove_rows(self, batch_ids: Sequence[UUID]) -> int:
        return sum(self._state.jobs.pop(batch_id, None) is not None for batch_id in batch_ids)

    async def remove_some_content(self, user_id: UUID) -> bool:
        state = self._state
        keys = [key for key in state.keys if key[0] == user_id]
        mine = [job.batch_id for job in state.jobs.values() if job.user_id == user_id]
        strays = [batch_id for batch_id in mine if not self._submitted(user_id, batch_id)]
        own = [report_id for report_id in self._own(user_id) if report_id in state.contents]
        for key in keys:
            del state.keys[key]
        for report_id in own[:1]:
            del state.contents[report_id]
        await self.remove_rows(strays)
        return len(own) > 1

    async def remove_some_reports(self, user_id: UUID) -> tuple[int, bool]:
        state, own = self._state, self._own(user_id)
        state.analyses = {key: value for key, value in state.analyses.items() if value[0] not in own}
        for report_id in own:
            del state.reports[report_id]
        return len(own), False

    def _submitted(self, user_id: UUID, batch_id: UUID) -> bool:
        return any(event.data.get("user_id") == str(user_id) for event in self._state.events.get(batch_id, ())[:1])

    def _own(self, user_id: UUID) -> list[UUID]:
        return [report.report_id for report in self._state.reports.values() if report.user_id == user_id]
