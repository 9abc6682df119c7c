"""The rules of a batch: given past events, when a command arrives, then `decide` returns events or refuses."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from domain import commands, events, refusals
from domain.batch import decide, fold
from domain.events import Event
from domain.failures import FailureCode, errors_for
from domain.statuses import BatchStatus
from domain.tiers import Tier

USER = UUID(int=1)
ONE, TWO, THREE, FOUR = (UUID(int=n) for n in range(11, 15))
ANALYSIS = UUID(int=21)

submit = commands.Submit(
    user_id=USER,
    tier=Tier.BASIC,
    report_ids=(ONE, TWO),
    reanalyze=False,
    available={ONE, TWO, THREE, FOUR},
    busy=frozenset(),
    analysed=frozenset(),
    report_limit=3,
    active_batches=0,
    active_limit=2,
)
start = commands.Start(worker_id="w1", max_attempts=3)
submitted = events.Submitted(user_id=USER, tier=Tier.BASIC, report_ids=(ONE, TWO))
started = events.Started(worker_id="w1", attempt=1)


def succeed(report_id: UUID, worker_id: str = "w1") -> commands.RecordSuccess:
    return commands.RecordSuccess(worker_id=worker_id, report_id=report_id, analysis_id=ANALYSIS, duration_ms=5)


def fail(report_id: UUID, worker_id: str = "w1") -> commands.RecordFailure:
    return commands.RecordFailure(worker_id=worker_id, report_id=report_id, code=FailureCode.CORRUPTED_FILE)


def succeeded(report_id: UUID) -> events.ReportSucceeded:
    return events.ReportSucceeded(report_id=report_id, analysis_id=ANALYSIS, duration_ms=5)


def failed(report_id: UUID, code: FailureCode = FailureCode.CORRUPTED_FILE) -> events.ReportFailed:
    return events.ReportFailed(report_id=report_id, code=code, errors=errors_for(code))


def finished(status: BatchStatus, successful: int, failed: int, reason: str | None = None) -> events.Finished:
    return events.Finished(status=status, successful=successful, failed=failed, reason=reason)


def when(history: Sequence[Event], command: commands.Command) -> tuple[Event, ...]:
    return decide(command, fold(history))


def test_submitting_records_the_user_and_the_reports() -> None:
    assert when([], submit) == (submitted,)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"report_ids": ()}, refusals.NothingSubmitted),
        ({"report_ids": (ONE, TWO, ONE)}, refusals.ReportListedTwice),
        ({"report_ids": (ONE, TWO, THREE, FOUR)}, refusals.TooManyReports),
        ({"available": {ONE}}, refusals.ReportsUnknown),
        ({"busy": {TWO}}, refusals.ReportsBusy),
        ({"analysed": {TWO}}, refusals.ReportsAnalysed),
        ({"active_batches": 2}, refusals.TooManyActiveBatches),
    ],
)
def test_a_submission_that_breaks_a_rule_is_refused(change: dict[str, object], refusal: type[refusals.Refusal]) -> None:
    with pytest.raises(refusal):
        when([], replace(submit, **change))  # type: ignore[arg-type]


def test_a_refusal_names_the_reports_that_caused_the_refusal() -> None:
    with pytest.raises(refusals.ReportsUnknown, match=str(TWO)) as refused:
        when([], replace(submit, available={ONE}))
    assert refused.value.report_ids == (TWO,)


def test_analysed_reports_are_accepted_if_reanalyze_is_set() -> None:
    assert when([], replace(submit, analysed={ONE, TWO}, reanalyze=True)) == (submitted,)


def test_a_second_submission_of_the_same_batch_is_refused() -> None:
    with pytest.raises(refusals.BatchExists):
        when([submitted], submit)


@pytest.mark.parametrize("command", [start, succeed(ONE), fail(ONE), commands.Cancel(reason="no")])
def test_any_other_command_to_a_batch_that_was_never_submitted_is_refused(command: commands.Command) -> None:
    with pytest.raises(refusals.BatchUnknown):
        when([], command)


def test_starting_records_the_worker_and_counts_an_attempt() -> None:
    assert when([submitted], start) == (started,)
    assert when([submitted, started], replace(start, worker_id="w2")) == (events.Started(worker_id="w2", attempt=2),)


def test_an_outcome_resets_the_count_of_attempts() -> None:
    history: list[Event] = [submitted, started, events.Started(worker_id="w1", attempt=2), succeeded(ONE)]
    assert when(history, replace(start, counts_as_attempt=False)) == (started,), (
        "the worker that recorded the outcome has already spent the first attempt on the next report"
    )
    assert when(history, start) == (events.Started(worker_id="w1", attempt=2),)


def test_taking_over_a_batch_that_was_handed_back_spends_no_attempt() -> None:
    attempts_spent: list[Event] = [submitted, *(events.Started(worker_id="w", attempt=n) for n in (1, 2, 3))]
    assert when(attempts_spent, replace(start, counts_as_attempt=False)) == (events.Started(worker_id="w1", attempt=3),)


def test_a_report_whose_attempts_are_spent_fails_and_the_next_is_processed() -> None:
    attempts_spent: list[Event] = [submitted, *(events.Started(worker_id="w", attempt=n) for n in (1, 2, 3))]
    assert when(attempts_spent, start) == (
        events.Started(worker_id="w1", attempt=3),
        failed(ONE, FailureCode.ANALYSIS_CRASHED),
    )


def test_the_batch_finishes_if_the_attempts_of_its_last_report_are_spent() -> None:
    attempts_spent: list[Event] = [
        submitted,
        started,
        succeeded(ONE),
        *(events.Started(worker_id="w", attempt=n) for n in (1, 2, 3)),
    ]
    assert when(attempts_spent, replace(start, worker_id="w2"))[1:] == (
        failed(TWO, FailureCode.ANALYSIS_CRASHED),
        finished(BatchStatus.PARTIALLY_COMPLETED, 1, 1),
    )


def test_a_worker_that_lost_the_batch_cannot_record_an_outcome() -> None:
    taken_over: list[Event] = [submitted, started, events.Started(worker_id="w2", attempt=2)]
    for command in (succeed(ONE), fail(ONE)):
        with pytest.raises(refusals.NotHolder, match="w2"):
            when(taken_over, command)


def test_a_worker_that_lost_the_batch_cannot_take_it_back() -> None:
    taken_over: list[Event] = [submitted, started, events.Started(worker_id="w2", attempt=2)]
    with pytest.raises(refusals.NotHolder, match="w2"):
        when(taken_over, start)
    assert when(taken_over, replace(start, worker_id="w2")), "the worker that holds the batch may start it again"


def test_an_outcome_before_any_start_is_refused() -> None:
    with pytest.raises(refusals.NotHolder):
        when([submitted], succeed(ONE))


def test_outcomes_are_recorded_in_the_order_of_the_reports_and_once_each() -> None:
    assert when([submitted, started], succeed(ONE)) == (succeeded(ONE),)
    for out_of_order in (TWO, THREE):
        with pytest.raises(refusals.NotNextReport):
            when([submitted, started], succeed(out_of_order))
    with pytest.raises(refusals.NotNextReport):
        when([submitted, started, succeeded(ONE)], fail(ONE))


@pytest.mark.parametrize(
    ("first", "last", "ending"),
    [
        (succeeded(ONE), succeed(TWO), finished(BatchStatus.COMPLETED, 2, 0)),
        (failed(ONE), succeed(TWO), finished(BatchStatus.PARTIALLY_COMPLETED, 1, 1)),
        (failed(ONE), fail(TWO), finished(BatchStatus.FAILED, 0, 2)),
    ],
)
def test_the_last_outcome_finishes_the_batch(first: Event, last: commands.Command, ending: Event) -> None:
    assert when([submitted, started, first], last)[-1] == ending


def test_cancelling_fails_the_remaining_reports_and_finishes_the_batch() -> None:
    assert when([submitted, started, succeeded(ONE)], commands.Cancel(reason="too late")) == (
        failed(TWO, FailureCode.CANCELLED),
        finished(BatchStatus.PARTIALLY_COMPLETED, 1, 1, "too late"),
    )


@pytest.mark.parametrize("command", [start, succeed(ONE), fail(ONE), commands.Cancel(reason="no")])
def test_any_command_to_a_finished_batch_is_refused(command: commands.Command) -> None:
    history: list[Event] = [submitted, started, succeeded(ONE), succeeded(TWO), finished(BatchStatus.COMPLETED, 2, 0)]
    with pytest.raises(refusals.BatchFinished):
        when(history, command)


def test_each_event_gives_the_batch_its_status() -> None:
    history: list[Event] = [
        submitted,
        started,
        succeeded(ONE),
        failed(TWO),
        finished(BatchStatus.PARTIALLY_COMPLETED, 1, 1),
    ]
    statuses = [fold(history[:length]).status for length in range(1, len(history) + 1)]
    assert statuses == [
        BatchStatus.PENDING,
        BatchStatus.PROCESSING,
        BatchStatus.PROCESSING,
        BatchStatus.PROCESSING,
        BatchStatus.PARTIALLY_COMPLETED,
    ]
