"""An audit notices every stream that no batch can have lived."""

import pytest

from domain import events
from domain.events import Event
from domain.statuses import BatchStatus
from domain.well_formed import violations
from tests.domain.test_batch import ONE, TWO, failed, finished, started, submitted, succeeded

WHOLE: list[Event] = [submitted, started, succeeded(ONE), failed(TWO), finished(BatchStatus.PARTIALLY_COMPLETED, 1, 1)]


def test_a_stream_that_the_domain_wrote_is_well_formed_at_every_length() -> None:
    assert [list(violations(WHOLE[:length])) for length in (1, 2, 3, 5)] == [[]] * 4


@pytest.mark.parametrize(
    ("stream", "version", "why"),
    [
        ([started], 1, "Submitted must be the first"),
        ([submitted, submitted], 2, "Submitted must be the first"),
        ([*WHOLE, started], 6, "nothing may follow"),
        ([submitted, started, succeeded(TWO)], 3, "out of turn"),
        ([submitted, started, succeeded(ONE), succeeded(ONE)], 4, "out of turn"),
        ([submitted, succeeded(ONE)], 2, "before any worker"),
        ([submitted, started, finished(BatchStatus.FAILED, 0, 0)], 3, "Finished does not match"),
        ([*WHOLE[:4], finished(BatchStatus.COMPLETED, 2, 0)], 5, "Finished does not match"),
        (WHOLE[:4], 4, "Finished is missing"),
    ],
)
def test_an_impossible_stream_is_named_with_its_version(stream: list[Event], version: int, why: str) -> None:
    assert any(at == version and why in problem for at, problem in violations(stream))


def test_no_event_is_spared() -> None:
    assert {type(event) for event in WHOLE} == set(events.Event.__args__)
