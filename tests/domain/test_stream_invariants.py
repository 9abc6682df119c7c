"""`violations` reports every stream that `decide` cannot produce, and no other."""

import pytest

from domain import events
from domain.events import Event
from domain.statuses import BatchStatus
from domain.stream_invariants import violations
from tests.domain.test_batch import ONE, TWO, failed, finished, started, submitted, succeeded

WHOLE: list[Event] = [submitted, started, succeeded(ONE), failed(TWO), finished(BatchStatus.PARTIALLY_COMPLETED, 1, 1)]


def test_a_stream_that_decide_produced_violates_no_invariant() -> None:
    assert [list(violations(WHOLE[:length])) for length in (1, 2, 3, 5)] == [[]] * 4


@pytest.mark.parametrize(
    ("stream", "version", "broken_rule"),
    [
        ([started], 1, "Submitted must be the first"),
        ([submitted, submitted], 2, "Submitted must be the first"),
        ([*WHOLE, started], 6, "no event may follow"),
        ([submitted, started, succeeded(TWO)], 3, "out of order"),
        ([submitted, started, succeeded(ONE), succeeded(ONE)], 4, "out of order"),
        ([submitted, succeeded(ONE)], 2, "before any worker"),
        ([submitted, started, finished(BatchStatus.FAILED, 0, 0)], 3, "Finished does not match"),
        ([*WHOLE[:4], finished(BatchStatus.COMPLETED, 2, 0)], 5, "Finished does not match"),
        (WHOLE[:4], 4, "Finished is missing"),
    ],
)
def test_a_violation_is_reported_with_its_version(stream: list[Event], version: int, broken_rule: str) -> None:
    reported = [problem for reported_version, problem in violations(stream) if reported_version == version]
    assert any(problem.startswith("violates a stream invariant: ") and broken_rule in problem for problem in reported)


def test_the_stream_of_these_tests_contains_every_type_of_event() -> None:
    assert {type(event) for event in WHOLE} == set(events.Event.__args__)
