"""One state at a time, copied when a transaction begins and replaced when it ends well."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from application.errors import IdempotencyKeyReused, ReportsTaken, ReportUnreadable, WrongExpectedVersion
from application.log import GlobalPosition, StoredEvent
from application.operations.ports.actions import Actions
from application.operations.ports.erasure import Erasure
from application.operator_actions import OperatorAction
from application.ports.event_store import EventStore
from application.ports.read_model import BatchJobs, PageAfter, ReadModelRepair
from application.ports.reports import KnownReports, Reports
from application.ports.storage import Storage, Transaction
from application.ports.submissions import Dispatcher, QueueEntry, Submissions
from application.read_model import BatchJob
from domain.analysis import NarrativeAnalysis
from domain.failures import FailureCode
from domain.reports import Report
from domain.statuses import BatchStatus

BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(kw_only=True)
class State:
    events: dict[UUID, tuple[StoredEvent, ...]] = field(default_factory=dict)
    jobs: dict[UUID, BatchJob] = field(default_factory=dict)
    busy: dict[UUID, UUID] = field(default_factory=dict)
    reports: dict[UUID, Report] = field(default_factory=dict)
    contents: dict[UUID, bytes] = field(default_factory=dict)
    analyses: dict[UUID, tuple[UUID, UUID, NarrativeAnalysis]] = field(default_factory=dict)
    keys: dict[tuple[UUID, str], tuple[bytes, UUID]] = field(default_factory=dict)
    queue: tuple[UUID, ...] = ()
    log: tuple[StoredEvent, ...] = ()
    acts: tuple[OperatorAction, ...] = ()

    def copy(self) -> "State":
        return State(
            events=self.events.copy(),
            jobs=self.jobs.copy(),
            busy=self.busy.copy(),
            reports=self.reports.copy(),
            contents=self.contents.copy(),
            analyses=self.analyses.copy(),
            keys=self.keys.copy(),
            queue=self.queue,
            log=self.log,
            acts=self.acts,
        )


class MemoryStorage(Storage):
    def __init__(self) -> None:
        self.state = State()
        self._one_at_a_time = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self._one_at_a_time:
            state = self.state.copy()
            yield Transaction(
                events=MemoryEventStore(state),
                batch_jobs=MemoryBatchJobs(state),
                reports=MemoryReports(state),
                submissions=MemorySubmissions(state),
                queue=MemoryQueue(state),
                repair=MemoryReadModelRepair(state),
                acts=MemoryActions(state),
                erasure=MemoryErasure(state),
            )
            self.state = state


class MemoryEventStore(EventStore):
    def __init__(self, state: State) -> None:
        self._state = state

    async def append(self, streams: Sequence[Sequence[StoredEvent]]) -> Sequence[WrongExpectedVersion | None]:
        return [self._append(stream) for stream in streams]

    def _append(self, new: Sequence[StoredEvent]) -> WrongExpectedVersion | None:
        if not new:
            return None
        batch_id, expected = new[0].batch_id, new[0].version - 1
        stored = self._state.events.get(batch_id, ())
        if len(stored) != expected or (stored and stored[-1].type == "Finished"):
            return WrongExpectedVersion(batch_id, expected)
        self._state.events[batch_id] = (*stored, *new)
        self._state.log += tuple(new)
        return None

    async def read(self, batch_id: UUID) -> Sequence[StoredEvent]:
        return self._state.events.get(batch_id, ())

    async def streams(self, batch_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[StoredEvent]]:
        return {batch_id: await self.read(batch_id) for batch_id in batch_ids}

    async def submitted(
        self, user_id: UUID, *, until: datetime | None, after: PageAfter | None, limit: int
    ) -> Sequence[PageAfter]:
        own = [
            PageAfter(created_at=stream[0].recorded_at, batch_id=batch_id)
            for batch_id, stream in self._state.events.items()
            if stream[0].data.get("user_id") == str(user_id) and (until is None or stream[0].recorded_at <= until)
        ]
        if after is not None:
            own = [each for each in own if (each.created_at, each.batch_id) < (after.created_at, after.batch_id)]
        return sorted(own, key=lambda each: (each.created_at, each.batch_id), reverse=True)[:limit]

    async def log(self, after: GlobalPosition, limit: int) -> Sequence[tuple[GlobalPosition, StoredEvent]]:
        return [((1, place), event) for place, event in enumerate(self._state.log, start=1) if (1, place) > after][
            :limit
        ]


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
            latest = [
                batch_id
                for batch_id, (submitted, *_) in state.events.items()
                if str(report_id) in submitted.data.get("report_ids", ())
            ]
            if report_id in state.reports and latest[-1:] == [job.batch_id]:
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
    def __init__(self, state: State) -> None:
        self._state = state

    async def record(self, act: OperatorAction) -> None:
        self._state.acts = (*self._state.acts, act)


class MemoryErasure(Erasure):
    def __init__(self, state: State) -> None:
        self._state = state

    async def alone(self) -> None:
        return None

    async def in_flight(self, user_id: UUID) -> None:
        return None

    async def remove_rows(self, batch_ids: Sequence[UUID]) -> int:
        return sum(self._state.jobs.pop(batch_id, None) is not None for batch_id in batch_ids)

    async def remove_some_content(self, user_id: UUID) -> bool:
        state = self._state
        keys = [key for key in state.keys if key[0] == user_id]
        mine = [each.batch_id for each in state.jobs.values() if each.user_id == user_id]
        strays = [batch_id for batch_id in mine if batch_id not in state.events]
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

    def _own(self, user_id: UUID) -> list[UUID]:
        return [report.report_id for report in self._state.reports.values() if report.user_id == user_id]


class MemoryReports(Reports):
    def __init__(self, state: State) -> None:
        self._state = state

    async def add(self, report: Report, content: AsyncIterator[bytes]) -> None:
        self._state.reports[report.report_id] = report
        self._state.contents[report.report_id] = b"".join([piece async for piece in content])

    async def get(self, report_id: UUID) -> Report | None:
        return self._state.reports.get(report_id)

    async def content(self, report_id: UUID) -> bytes | None:
        return self._state.contents.get(report_id)

    async def page(self, user_id: UUID, *, limit: int, after: UUID | None) -> Sequence[Report]:
        own = [report for report in self._state.reports.values() if report.user_id == user_id]
        if after is not None:
            own = [report for report in own if report.report_id < after]
        return sorted(own, key=lambda report: report.report_id, reverse=True)[:limit]

    async def known(self, user_id: UUID, report_ids: Sequence[UUID]) -> KnownReports:
        own = {report_id for report_id in report_ids if await self._is_own(user_id, report_id)}
        analysed = {report_id for report_id, _, _ in self._state.analyses.values()}
        return KnownReports(available=own, busy=own & self._state.busy.keys(), analysed=own & analysed)

    async def _is_own(self, user_id: UUID, report_id: UUID) -> bool:
        report = self._state.reports.get(report_id)
        return report is not None and report.user_id == user_id

    async def add_analysis(
        self, *, analysis_id: UUID, report_id: UUID, batch_id: UUID, analysis: NarrativeAnalysis, at: datetime
    ) -> None:
        if report_id not in self._state.reports:
            raise ReportUnreadable(FailureCode.REPORT_MISSING)
        self._state.analyses[analysis_id] = (report_id, batch_id, analysis)

    async def latest_analysis(self, report_id: UUID) -> tuple[UUID, NarrativeAnalysis] | None:
        own = [(key, analysis) for key, (report, _, analysis) in self._state.analyses.items() if report == report_id]
        return max(own, key=lambda found: found[0], default=None)


class MemorySubmissions(Submissions):
    """One transaction runs at a time here, so every submit has its turn and no key is ever in flight."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def lock_user(self, user_id: UUID) -> None:
        return None

    async def claim_key(self, user_id: UUID, key: str, fingerprint: bytes) -> UUID | None:
        seen, batch_id = self._state.keys.get((user_id, key), (fingerprint, None))
        if seen != fingerprint:
            raise IdempotencyKeyReused
        return batch_id

    async def remember_key(self, user_id: UUID, key: str, fingerprint: bytes, batch_id: UUID) -> None:
        self._state.keys[user_id, key] = (fingerprint, batch_id)


class MemoryQueue(Dispatcher):
    def __init__(self, state: State) -> None:
        self._state = state

    async def enqueue(self, batch_id: UUID) -> None:
        self._state.queue = (*self._state.queue, batch_id)

    async def redispatch(self, batch_id: UUID) -> None:
        self._state.queue = (*(each for each in self._state.queue if each != batch_id), batch_id)

    async def entry(self, batch_id: UUID) -> QueueEntry | None:
        if batch_id not in self._state.queue:
            return None
        return QueueEntry(holder=None, heartbeat=BEGINNING, not_before=BEGINNING)
