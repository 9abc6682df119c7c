"""The rules of a batch: given (history), when (command), then (events or a refusal)."""

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


def test_a_submitted_batch_remembers_who_asked_for_which_reports() -> None:
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
def test_a_submission_that_may_not_be_is_refused(change: dict[str, object], refusal: type[refusals.Refusal]) -> None:
    with pytest.raises(refusal):
        when([], replace(submit, **change))  # type: ignore[arg-type]


def test_a_refusal_names_the_reports_it_is_about() -> None:
    with pytest.raises(refusals.ReportsUnknown, match=str(TWO)) as refused:
        when([], replace(submit, available={ONE}))
    assert refused.value.report_ids == (TWO,)


def test_analysed_reports_are_accepted_when_asked_to_analyse_them_again() -> None:
    assert when([], replace(submit, analysed={ONE, TWO}, reanalyze=True)) == (submitted,)


def test_a_batch_is_submitted_once() -> None:
    with pytest.raises(refusals.BatchExists):
        when([submitted], submit)


@pytest.mark.parametrize("command", [start, succeed(ONE), fail(ONE), commands.Cancel(reason="no")])
def test_nothing_happens_to_a_batch_that_was_never_submitted(command: commands.Command) -> None:
    with pytest.raises(refusals.BatchUnknown):
        when([], command)


def test_starting_names_the_worker_and_counts_the_attempt() -> None:
    assert when([submitted], start) == (started,)
    assert when([submitted, started], replace(start, worker_id="w2")) == (events.Started(worker_id="w2", attempt=2),)


def test_an_outcome_begins_the_count_of_attempts_again() -> None:
    second: list[Event] = [submitted, started, events.Started(worker_id="w1", attempt=2), succeeded(ONE)]
    assert when(second, replace(start, counts_as_attempt=False)) == (started,), (
        "who recorded it has begun with the next"
    )
    assert when(second, start) == (events.Started(worker_id="w1", attempt=2),)


def test_a_batch_that_was_handed_back_costs_no_attempt() -> None:
    spent: list[Event] = [submitted, *(events.Started(worker_id="w", attempt=n) for n in (1, 2, 3))]
    assert when(spent, replace(start, counts_as_attempt=False)) == (events.Started(worker_id="w1", attempt=3),)


def test_a_report_whose_attempts_are_spent_fails_and_the_next_gets_its_turn() -> None:
    spent: list[Event] = [submitted, *(events.Started(worker_id="w", attempt=n) for n in (1, 2, 3))]
    assert when(spent, start) == (
        events.Started(worker_id="w1", attempt=3),
        failed(ONE, FailureCode.ANALYSIS_CRASHED),
    )


def test_a_last_report_whose_attempts_are_spent_finishes_the_batch() -> None:
    spent: list[Event] = [
        submitted,
        started,
        succeeded(ONE),
        *(events.Started(worker_id="w", attempt=n) for n in (1, 2, 3)),
    ]
    assert when(spent, replace(start, worker_id="w2"))[1:] == (
        failed(TWO, FailureCode.ANALYSIS_CRASHED),
        finished(BatchStatus.PARTIALLY_COMPLETED, 1, 1),
    )


def test_a_worker_that_lost_the_batch_can_record_nothing() -> None:
    taken_over: list[Event] = [submitted, started, events.Started(worker_id="w2", attempt=2)]
    for command in (succeed(ONE), fail(ONE)):
        with pytest.raises(refusals.NotHolder, match="w2"):
            when(taken_over, command)


def test_a_worker_that_lost_the_batch_cannot_take_it_back() -> None:
    taken_over: list[Event] = [submitted, started, events.Started(worker_id="w2", attempt=2)]
    with pytest.raises(refusals.NotHolder, match="w2"):
        when(taken_over, start)
    assert when(taken_over, replace(start, worker_id="w2")), "who has it may begin again"


def test_an_outcome_before_any_start_is_refused() -> None:
    with pytest.raises(refusals.NotHolder):
        when([submitted], succeed(ONE))


def test_outcomes_come_in_the_order_given_and_once_each() -> None:
    assert when([submitted, started], succeed(ONE)) == (succeeded(ONE),)
    for wrong in (TWO, THREE):
        with pytest.raises(refusals.NotNextReport):
            when([submitted, started], succeed(wrong))
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


def test_a_cancelled_batch_fails_what_is_left_and_finishes_by_the_same_rule() -> None:
    assert when([submitted, started, succeeded(ONE)], commands.Cancel(reason="too late")) == (
        failed(TWO, FailureCode.CANCELLED),
        finished(BatchStatus.PARTIALLY_COMPLETED, 1, 1, "too late"),
    )


@pytest.mark.parametrize("command", [start, succeed(ONE), fail(ONE), commands.Cancel(reason="no")])
def test_nothing_follows_finished(command: commands.Command) -> None:
    over: list[Event] = [submitted, started, succeeded(ONE), succeeded(TWO), finished(BatchStatus.COMPLETED, 2, 0)]
    with pytest.raises(refusals.BatchFinished):
        when(over, command)


def test_the_status_follows_the_events() -> None:
    story: list[Event] = [
        submitted,
        started,
        succeeded(ONE),
        failed(TWO),
        finished(BatchStatus.PARTIALLY_COMPLETED, 1, 1),
    ]
    statuses = [fold(story[:length]).status for length in range(1, len(story) + 1)]
    assert statuses == [
        BatchStatus.PENDING,
        BatchStatus.PROCESSING,
        BatchStatus.PROCESSING,
        BatchStatus.PROCESSING,
        BatchStatus.PARTIALLY_COMPLETED,
    ]
