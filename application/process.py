"""Working off one batch: take it, analyse its reports in the order given, record each outcome."""

import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from typing import TypeVar
from uuid import UUID

from application.errors import AnalysisCrashed, ReportUnreadable, StorageUnavailable
from application.handler import CommandHandler
from application.log import Metadata
from application.ports.analyzer import Analyzer
from application.ports.edges import Clock, NewId
from application.ports.storage import Storage, Transaction
from domain import commands
from domain.analysis import NarrativeAnalysis
from domain.batch import Batch
from domain.failures import FailureCode
from domain.refusals import BatchFinished, NotHolder
from domain.reports import Report

T = TypeVar("T")


class ProcessBatch:
    """`slots` bounds how many reports are in memory at once, `pause` is the wait before the database is asked again,
    `stopwatch` gives seconds that never go back.
    """

    def __init__(
        self,
        storage: Storage,
        handler: CommandHandler,
        analyzer: Analyzer,
        clock: Clock,
        new_id: NewId,
        max_attempts: int,
        slots: AbstractAsyncContextManager[object],
        pause: Callable[[], Awaitable[None]],
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._storage, self._handler, self._analyzer = storage, handler, analyzer
        self._clock, self._new_id, self._stopwatch = clock, new_id, stopwatch
        self._max_attempts, self._slots, self._pause = max_attempts, slots, pause

    async def __call__(self, batch_id: UUID, worker_id: str, unspent: bool) -> None:
        """Bring the batch to its end, or leave it to whoever took it meanwhile.

        `unspent`: the worker before gave it back unharmed, so taking it costs no attempt. While the database is away
        it waits, with what it has analysed in its hands.
        """
        metadata = Metadata(actor=f"worker:{worker_id}", correlation_id=batch_id)
        start = commands.Start(worker_id=worker_id, max_attempts=self._max_attempts)
        try:
            batch = await self._handle(batch_id, replace(start, unspent=unspent), metadata)
            while batch.pending:
                try:
                    batch = await self._next_report(batch_id, batch, worker_id, metadata)
                except AnalysisCrashed:
                    batch = await self._handle(batch_id, start, metadata)
        except (NotHolder, BatchFinished):
            return

    async def _next_report(self, batch_id: UUID, batch: Batch, worker_id: str, metadata: Metadata) -> Batch:
        report_id = batch.pending[0]
        try:
            return await self._succeed(batch_id, report_id, worker_id, metadata)
        except ReportUnreadable as failure:
            record = commands.RecordFailure(worker_id=worker_id, report_id=report_id, code=failure.code)
            return await self._handle(batch_id, record, metadata)

    async def _succeed(self, batch_id: UUID, report_id: UUID, worker_id: str, metadata: Metadata) -> Batch:
        async with self._slots:
            began = self._stopwatch()
            analysis = await self._analyze(report_id)
            duration = self._stopwatch() - began
        analysis_id = self._new_id()
        success = commands.RecordSuccess(
            worker_id=worker_id,
            report_id=report_id,
            analysis_id=analysis_id,
            duration_ms=round(1000 * duration),
        )
        store = partial(self._store, analysis_id, report_id, batch_id, analysis)
        return await self._handle(batch_id, success, metadata, also=store)

    async def _handle(
        self,
        batch_id: UUID,
        command: commands.Command,
        metadata: Metadata,
        also: Callable[[Transaction], Awaitable[None]] | None = None,
    ) -> Batch:
        return await self._when_available(lambda: self._handler.handle(batch_id, command, metadata, also))

    async def _when_available(self, work: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await work()
            except StorageUnavailable:
                await self._pause()

    async def _content(self, report_id: UUID) -> tuple[Report, bytes]:
        async with self._storage.transaction() as tx:
            report = await tx.reports.get(report_id)
            content = None if report is None else await tx.reports.content(report_id)
        if report is None or content is None:
            raise ReportUnreadable(FailureCode.REPORT_MISSING)
        return report, content

    async def _analyze(self, report_id: UUID) -> NarrativeAnalysis:
        report, content = await self._when_available(lambda: self._content(report_id))
        return await self._analyzer.analyze(content, report.format)

    async def _store(
        self, analysis_id: UUID, report_id: UUID, batch_id: UUID, analysis: NarrativeAnalysis, tx: Transaction
    ) -> None:
        await tx.reports.add_analysis(
            analysis_id=analysis_id, report_id=report_id, batch_id=batch_id, analysis=analysis, at=self._clock()
        )
