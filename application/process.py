"""Processing one batch: start it, analyse its reports in the order given, record each outcome."""

import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TypeVar
from uuid import UUID

from application.errors import AnalysisCrashed, AnalyzerUnavailable, ReportUnreadable, StorageUnavailable
from application.fair_slots import FairSlots
from application.handler import CommandHandler
from application.log import Metadata
from application.ports.analyzer import Analyzer
from application.ports.clock import Clock, NewId
from application.ports.storage import Storage, Transaction
from application.ports.worker import Lease
from domain import commands
from domain.analysis import NarrativeAnalysis
from domain.batch import Batch
from domain.failures import FailureCode
from domain.refusals import BatchFinished, NotNextReport
from domain.reports import Report

T = TypeVar("T")
Also = Callable[[Transaction], Awaitable[None]]
Outcome = commands.RecordSuccess | commands.RecordFailure


class ProcessBatch:
    """The worker's use case.

    - `slots` bounds the reports in memory at once and shares them among users.
    - `backoff` gives the seconds before each retry of an analyser that cannot be reached; then the attempt is spent.
    - `pause` waits before the database is tried again.
    - `stopwatch` gives seconds that never go back.
    """

    def __init__(
        self,
        storage: Storage,
        handler: CommandHandler,
        analyzer: Analyzer,
        clock: Clock,
        new_id: NewId,
        max_attempts: int,
        slots: FairSlots,
        backoff: Callable[[], Iterable[float]],
        sleep: Callable[[float], Awaitable[None]],
        pause: Callable[[], Awaitable[None]],
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._storage, self._handler, self._analyzer = storage, handler, analyzer
        self._clock, self._new_id, self._stopwatch = clock, new_id, stopwatch
        self._max_attempts, self._slots, self._backoff, self._sleep = max_attempts, slots, backoff, sleep
        self._pause = pause

    async def __call__(self, batch_id: UUID, worker_id: str, lease: Lease) -> None:
        """Process the batch to its end.

        Handing a report to the analyser spends an attempt; waiting for a slot does not. While the database is away,
        finished analyses are kept in memory and the call waits. Raises BatchUnknown, and NotHolder when another
        worker has taken the batch over.
        """
        with suppress(BatchFinished):
            await self._process(batch_id, worker_id, lease)

    async def _process(self, batch_id: UUID, worker_id: str, lease: Lease) -> None:
        """Take one report after the other: wait for a slot, start if the attempt must be counted, analyse, record."""
        metadata = Metadata(actor=f"worker:{worker_id}", correlation_id=batch_id)
        start = commands.Start(worker_id=worker_id, max_attempts=self._max_attempts)
        batch, user_id = await self._when_available(lambda: self._handler.read(batch_id))
        must_start, counts_as_attempt = True, lease.counts_as_attempt
        while batch.pending:
            tried_before = batch.attempt + counts_as_attempt > 1
            while_waiting = _nothing if counts_as_attempt else lease.mark_waiting
            async with self._slots.take(user_id, exclusive=tried_before, before_waiting=while_waiting):
                await lease.mark_analysing()
                if must_start:
                    command = replace(start, counts_as_attempt=counts_as_attempt)
                    batch = await self._handle(batch_id, command, metadata)
                    must_start = counts_as_attempt = False
                if not batch.pending:  # starting failed the last report, whose attempts were spent
                    return
                try:
                    record, also = await self._outcome(batch_id, batch.pending[0], worker_id)
                except (AnalysisCrashed, AnalyzerUnavailable):
                    must_start = counts_as_attempt = True
                    continue
            batch = await self._record(batch_id, record, metadata, also)

    async def _outcome(self, batch_id: UUID, report_id: UUID, worker_id: str) -> tuple[Outcome, Also | None]:
        """Return the command that records the report's outcome, and the write that must be stored with it."""
        try:
            analysis, seconds = await self._analysis_of(report_id)
        except ReportUnreadable as failure:
            return commands.RecordFailure(worker_id=worker_id, report_id=report_id, code=failure.code), None
        analysis_id = self._new_id()
        success = commands.RecordSuccess(
            worker_id=worker_id, report_id=report_id, analysis_id=analysis_id, duration_ms=round(1000 * seconds)
        )
        return success, partial(self._store, analysis_id, report_id, batch_id, analysis)

    async def _record(self, batch_id: UUID, record: Outcome, metadata: Metadata, also: Also | None) -> Batch:
        try:
            return await self._handle(batch_id, record, metadata, also)
        except ReportUnreadable as gone:  # the report was deleted while it was analysed
            failure = commands.RecordFailure(worker_id=record.worker_id, report_id=record.report_id, code=gone.code)
            return await self._handle(batch_id, failure, metadata)
        except NotNextReport:  # the outcome was recorded, but the database's answer got lost
            batch, _ = await self._when_available(lambda: self._handler.read(batch_id))
            return batch

    async def _handle(
        self, batch_id: UUID, command: commands.Command, metadata: Metadata, also: Also | None = None
    ) -> Batch:
        return await self._when_available(lambda: self._handler.handle(batch_id, command, metadata, also))

    async def _when_available(self, work: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await work()
            except StorageUnavailable:
                await self._pause()

    async def _analysis_of(self, report_id: UUID) -> tuple[NarrativeAnalysis, float]:
        """Return the analysis and the seconds that it took, loading included."""
        began = self._stopwatch()
        report, content = await self._when_available(lambda: self._content(report_id))
        for wait in self._backoff():
            try:
                analysis = await self._analyzer.analyze(content, report.format)
                return analysis, self._stopwatch() - began
            except AnalyzerUnavailable:
                await self._sleep(wait)
        return await self._analyzer.analyze(content, report.format), self._stopwatch() - began

    async def _content(self, report_id: UUID) -> tuple[Report, bytes]:
        async with self._storage.transaction() as tx:
            report = await tx.reports.get(report_id)
            content = None if report is None else await tx.reports.content(report_id)
        if report is None or content is None:
            raise ReportUnreadable(FailureCode.REPORT_MISSING)
        return report, content

    async def _store(
        self, analysis_id: UUID, report_id: UUID, batch_id: UUID, analysis: NarrativeAnalysis, tx: Transaction
    ) -> None:
        await tx.reports.add_analysis(
            analysis_id=analysis_id, report_id=report_id, batch_id=batch_id, analysis=analysis, at=self._clock()
        )


async def _nothing() -> None:
    return None
