"""The read model is a fold: from any history of commands, in one go or step by step."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.log import NO_HASH, Metadata, RecordedEvent
from application.read_model import project, project_all
from domain import events
from domain.batch import fold
from domain.commands import Command
from domain.events import Event
from domain.statuses import ReportStatus
from tests.domain.test_batch_properties import any_command, stream_after
from tests.support.builders import NOON


def recorded(stream: list[Event]) -> list[RecordedEvent]:
    return [
        RecordedEvent(
            batch_id=UUID(int=1),
            version=version,
            event=event,
            metadata=Metadata(actor="test", correlation_id=UUID(int=2)),
            recorded_at=NOON + timedelta(seconds=version),
            hash=NO_HASH,
        )
        for version, event in enumerate(stream, start=1)
    ]


@given(st.lists(any_command, max_size=40))
def test_the_row_agrees_with_the_state_of_the_batch(asked: list[Command]) -> None:
    stream = stream_after(asked)
    if not stream:
        return
    job, batch = project_all(recorded(stream)), fold(stream)
    outcomes = [event for event in stream if isinstance(event, events.ReportSucceeded | events.ReportFailed)]
    assert (job.status, job.successful, job.failed) == (batch.status, batch.successful, batch.failed)
    assert (job.report_ids, job.total_reports, job.version) == (batch.report_ids, len(batch.report_ids), len(stream))
    assert [result.report_id for result in job.results] == [outcome.report_id for outcome in outcomes]
    assert (job.processed_at is None) is (not outcomes)
    working = [status for status in job.report_statuses().values() if status is ReportStatus.PROCESSING]
    assert len(working) == (1 if batch.worker_id and not batch.finished else 0)


@given(st.lists(any_command, max_size=40), st.integers(0, 40))
def test_folding_on_from_a_row_equals_folding_the_whole_stream(asked: list[Command], at: int) -> None:
    stream = recorded(stream_after(asked))
    if not stream:
        return
    job = project_all(stream[: max(1, at)])
    for event in stream[max(1, at) :]:
        job = project(job, event)
    assert job == project_all(stream)


def test_a_stream_that_does_not_begin_with_submitted_has_no_row() -> None:
    with pytest.raises(ValueError, match="does not begin"):
        project_all(recorded([events.Started(worker_id="w", attempt=1)]))
    with pytest.raises(ValueError, match="empty"):
        project_all([])
