"""The read model in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from adapters.memory.state import State
from application.errors import ReportsTaken
from application.ports.read_model import BatchJobs, PageAfter
from application.read_model import BatchJob
from domain.statuses import BatchStatus


class MemoryBatchJobs(BatchJobs):
    def __init__(self, state: State) -> None:
        self._state = state

    async def save(self, job: BatchJob) -> None:
        state = self._state
        if job.version == 1:
            if any(report_id in state.busy for report_id in job.report_ids):
                raise ReportsTaken
            state.busy |= dict.fromkeys(job.report_ids, job.batch_id)
        state.jobs[job.batch_id] = job
        for report_id, status in job.report_statuses().items():
            if report := state.reports.get(report_id):
                state.reports[report_id] = replace(report, processing_status=status)
        if job.status.is_final:
            state.busy = {report: batch for report, batch in state.busy.items() if batch != job.batch_id}

    async def get(self, batch_id: UUID) -> BatchJob | None:
        return self._state.jobs.get(batch_id)

    async def page(
        self, user_id: UUID, *, status: BatchStatus | None, limit: int, after: PageAfter | None
    ) -> Sequence[BatchJob]:
        def age(job: BatchJob) -> tuple[datetime, UUID]:
            return job.created_at, job.batch_id

        own = [job for job in self._state.jobs.values() if job.user_id == user_id and status in (None, job.status)]
        if after is not None:
            own = [job for job in own if age(job) < (after.created_at, after.batch_id)]
        return sorted(own, key=age, reverse=True)[:limit]

    async def count_active(self, user_id: UUID) -> int:
        return sum(job.user_id == user_id and not job.status.is_final for job in self._state.jobs.values())
