"""The batch as a decider: `evolve` folds events into a state, `decide` turns a command into new events.

`evolve` never refuses an event, because a stored event is a fact. All rules are in `decide`.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from typing import assert_never
from uuid import UUID

from domain import commands, events, refusals
from domain.failures import FailureCode, errors_for
from domain.statuses import BatchStatus, final_status


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The state that `decide` needs, folded from the events of one batch.

    Outcomes are recorded in the order of `report_ids`, so `successful + failed` is the index of the next report.
    `attempt` counts the attempts spent on that report. `worker_id` is the worker that holds the batch; `lost_by` names
    the workers that held the batch earlier and lost it to another worker.
    """

    report_ids: tuple[UUID, ...] = ()
    successful: int = 0
    failed: int = 0
    attempt: int = 0
    worker_id: str | None = None
    lost_by: frozenset[str] = frozenset()
    finished: bool = False

    @property
    def pending(self) -> tuple[UUID, ...]:
        """The reports without an outcome, in processing order."""
        return self.report_ids[self.successful + self.failed :]

    @property
    def status(self) -> BatchStatus:
        if self.finished:
            return final_status(successful=self.successful, failed=self.failed)
        return BatchStatus.PENDING if self.worker_id is None else BatchStatus.PROCESSING


UNSUBMITTED = Batch()


def evolve(batch: Batch, event: events.Event) -> Batch:
    """Return the state after one more event."""
    match event:
        case events.Submitted():
            return replace(batch, report_ids=event.report_ids)
        case events.Started():
            holder = batch.worker_id
            lost_by = batch.lost_by if holder in (None, event.worker_id) else batch.lost_by | {holder}
            return replace(batch, worker_id=event.worker_id, lost_by=lost_by, attempt=event.attempt)
        case events.ReportSucceeded():
            return replace(batch, successful=batch.successful + 1, attempt=1)
        case events.ReportFailed():
            return replace(batch, failed=batch.failed + 1, attempt=1)
        case events.Finished():
            return replace(batch, finished=True)
        case _:
            assert_never(event)


def fold(stream: Iterable[events.Event], batch: Batch = UNSUBMITTED) -> Batch:
    """Return the state after all events of `stream`, starting from `batch`."""
    return reduce(evolve, stream, batch)


def decide(command: commands.Command, batch: Batch) -> tuple[events.Event, ...]:
    """Return the new events that the command causes; at least one.

    Raises a `Refusal` if the batch does not accept the command in its current state.
    """
    if isinstance(command, commands.Submit):
        return (_submit(command, batch),)
    if batch is UNSUBMITTED or not batch.report_ids:
        raise refusals.BatchUnknown
    if batch.finished:
        raise refusals.BatchFinished
    match command:
        case commands.Start():
            return _start(command, batch)
        case commands.RecordSuccess():
            _must_be_next(command, batch)
            success = events.ReportSucceeded(
                report_id=command.report_id, analysis_id=command.analysis_id, duration_ms=command.duration_ms
            )
            return _finished_if_last(batch, success)
        case commands.RecordFailure():
            _must_be_next(command, batch)
            return _finished_if_last(batch, _failure(command.report_id, command.code))
        case commands.Cancel():
            cancelled = (_failure(report_id, FailureCode.CANCELLED) for report_id in batch.pending)
            return _finished_if_last(batch, *cancelled, reason=command.reason)
        case _:
            assert_never(command)


def _submit(command: commands.Submit, batch: Batch) -> events.Submitted:
    report_ids = command.report_ids
    if batch.report_ids:
        raise refusals.BatchExists
    if not report_ids:
        raise refusals.NothingSubmitted
    if repeated := [report_id for report_id, times in Counter(report_ids).items() if times > 1]:
        raise refusals.ReportListedTwice(repeated)
    if len(report_ids) > command.report_limit:
        raise refusals.TooManyReports(given=len(report_ids), limit=command.report_limit, tier=command.tier)
    if unknown := [report_id for report_id in report_ids if report_id not in command.available]:
        raise refusals.ReportsUnknown(unknown)
    if busy := [report_id for report_id in report_ids if report_id in command.busy]:
        raise refusals.ReportsBusy(busy)
    if not command.reanalyze and (analysed := [report_id for report_id in report_ids if report_id in command.analysed]):
        raise refusals.ReportsAnalysed(analysed)
    if command.active_batches >= command.active_limit:
        raise refusals.TooManyActiveBatches(limit=command.active_limit, tier=command.tier)
    return events.Submitted(
        user_id=command.user_id, tier=command.tier, report_ids=report_ids, retry_of=command.retry_of
    )


def _start(command: commands.Start, batch: Batch) -> tuple[events.Event, ...]:
    """Give the batch to the worker. If the next report has no attempts left, fail that report.

    Failing the report here lets the worker go on with the remaining reports.
    """
    if command.worker_id in batch.lost_by:
        raise refusals.NotHolder(holder=batch.worker_id, worker_id=command.worker_id)
    if not command.counts_as_attempt or batch.attempt < command.max_attempts:
        attempt = batch.attempt + 1 if command.counts_as_attempt else max(batch.attempt, 1)
        return (events.Started(worker_id=command.worker_id, attempt=attempt),)
    started = events.Started(worker_id=command.worker_id, attempt=batch.attempt)
    exhausted = _failure(batch.pending[0], FailureCode.ANALYSIS_CRASHED)
    return (started, *_finished_if_last(evolve(batch, started), exhausted))


def _must_be_next(command: commands.RecordSuccess | commands.RecordFailure, batch: Batch) -> None:
    """Refuse an outcome from a worker that does not hold the batch, and an outcome out of order."""
    if command.worker_id != batch.worker_id:
        raise refusals.NotHolder(holder=batch.worker_id, worker_id=command.worker_id)
    if command.report_id != batch.pending[0]:
        raise refusals.NotNextReport(given=command.report_id, expected=batch.pending[0])


def _failure(report_id: UUID, code: FailureCode) -> events.ReportFailed:
    return events.ReportFailed(report_id=report_id, code=code, errors=errors_for(code))


def _finished_if_last(
    batch: Batch, *outcomes: events.ReportSucceeded | events.ReportFailed, reason: str | None = None
) -> tuple[events.Event, ...]:
    """Return `outcomes`, followed by `Finished` if they leave no report without an outcome."""
    after = fold(outcomes, batch)
    if after.pending:
        return outcomes
    status = final_status(successful=after.successful, failed=after.failed)
    return (
        *outcomes,
        events.Finished(status=status, successful=after.successful, failed=after.failed, reason=reason),
    )
