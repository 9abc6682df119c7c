"""Properties of a batch under any sequence of commands: its stream violates no invariant."""

from collections.abc import Sequence
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain import commands, events
from domain.batch import UNSUBMITTED, decide, fold
from domain.events import Event
from domain.failures import FailureCode
from domain.refusals import Refusal
from domain.statuses import BatchStatus, final_status
from domain.stream_invariants import violations
from domain.tiers import Tier

REPORTS = tuple(UUID(int=n) for n in range(1, 6))
reports = st.sampled_from(REPORTS)
workers = st.sampled_from(["w1", "w2", "w3", "w4", "w5"])
some_reports = st.frozensets(reports, max_size=2)

SUBMIT = commands.Submit(
    user_id=UUID(int=99),
    tier=Tier.ENTERPRISE,
    report_ids=REPORTS,
    reanalyze=False,
    available=frozenset(REPORTS),
    busy=frozenset(),
    analysed=frozenset(),
    report_limit=10,
    active_batches=0,
    active_limit=1,
)
any_start = st.builds(
    commands.Start, worker_id=workers, max_attempts=st.integers(1, 3), counts_as_attempt=st.booleans()
)
any_command = st.one_of(
    st.builds(
        commands.Submit,
        user_id=st.just(UUID(int=99)),
        tier=st.sampled_from(Tier),
        report_ids=st.lists(reports, max_size=5).map(tuple),
        reanalyze=st.booleans(),
        available=st.just(frozenset(REPORTS)),
        busy=some_reports,
        analysed=some_reports,
        report_limit=st.integers(1, 5),
        active_batches=st.integers(0, 2),
        active_limit=st.just(2),
    ),
    any_start,
    st.builds(
        commands.RecordSuccess,
        worker_id=workers,
        report_id=reports,
        analysis_id=st.uuids(),
        duration_ms=st.integers(0, 1000),
    ),
    st.builds(commands.RecordFailure, worker_id=workers, report_id=reports, code=st.sampled_from(FailureCode)),
    st.builds(commands.Cancel, reason=st.text(max_size=5)),
)


def stream_after(sequence: Sequence[commands.Command]) -> list[Event]:
    """Return the stream that these commands produce; a refused command adds no event."""
    stream: list[Event] = []
    for command in sequence:
        try:
            stream += decide(command, fold(stream))
        except Refusal:
            continue
    return stream


@given(st.lists(any_command, max_size=40))
def test_every_stream_keeps_the_stream_invariants(sequence: list[commands.Command]) -> None:
    stream = stream_after(sequence)
    assert list(violations(stream)) == []
    if not stream:
        return
    assert [isinstance(event, events.Submitted) for event in stream] == [True] + [False] * (len(stream) - 1)
    assert not any(isinstance(event, events.Finished) for event in stream[:-1])
    submitted = stream[0]
    assert isinstance(submitted, events.Submitted)
    outcomes = [event for event in stream if isinstance(event, events.ReportSucceeded | events.ReportFailed)]
    recorded = tuple(outcome.report_id for outcome in outcomes)
    assert recorded == submitted.report_ids[: len(recorded)], "in the order of the reports, once each"
    assert isinstance(stream[-1], events.Finished) is (len(recorded) == len(submitted.report_ids))


@given(st.lists(any_command, max_size=40))
def test_the_fold_gives_the_counts_and_the_status(sequence: list[commands.Command]) -> None:
    stream = stream_after(sequence)
    batch = fold(stream)
    successful = sum(isinstance(event, events.ReportSucceeded) for event in stream)
    failed = sum(isinstance(event, events.ReportFailed) for event in stream)
    assert (batch.successful, batch.failed) == (successful, failed)
    last = stream[-1] if stream else None
    if isinstance(last, events.Finished):
        assert batch.status == last.status == final_status(successful=successful, failed=failed)
    elif any(isinstance(event, events.Started) for event in stream):
        assert batch.status is BatchStatus.PROCESSING
    else:
        assert batch.status is BatchStatus.PENDING


@given(st.lists(any_command, max_size=40))
def test_no_report_gets_more_attempts_than_the_maximum(sequence: list[commands.Command]) -> None:
    attempts = [event.attempt for event in stream_after(sequence) if isinstance(event, events.Started)]
    assert all(1 <= attempt <= 3 for attempt in attempts)


@given(st.lists(any_start, max_size=20))
def test_a_worker_that_lost_the_batch_appends_no_more_events(sequence: list[commands.Start]) -> None:
    starts = [event.worker_id for event in stream_after([SUBMIT, *sequence]) if isinstance(event, events.Started)]
    holders = [worker_id for worker_id, before in zip(starts, [None, *starts], strict=False) if worker_id != before]
    assert len(holders) == len(set(holders))


@given(st.lists(any_command, max_size=40), any_command)
def test_a_further_command_removes_no_outcome(sequence: list[commands.Command], further: commands.Command) -> None:
    before = fold(stream_after(sequence))
    after = fold(stream_after([*sequence, further]))
    assert after.successful >= before.successful
    assert after.failed >= before.failed
    assert before.report_ids in ((), after.report_ids)
    assert UNSUBMITTED.pending == ()
