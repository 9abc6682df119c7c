"""Whether a stored stream tells a life that a batch can have: an audit asks this, deciding does not."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from domain import events
from domain.batch import UNSUBMITTED, Batch, evolve
from domain.statuses import final_status


def violations(stream: Iterable[events.Event]) -> Iterator[tuple[int, str]]:
    """The version of each event that cannot stand where it does, and why; nothing for a well-formed stream."""
    batch, version = UNSUBMITTED, 0
    for version, event in enumerate(stream, start=1):
        if why := _why_not(batch, event):
            yield version, why
        batch = evolve(batch, event)
    if batch.report_ids and not batch.pending and not batch.finished:
        yield version, "Finished is missing after it"


def _why_not(batch: Batch, event: events.Event) -> str | None:
    if bool(batch.report_ids) is isinstance(event, events.Submitted):
        return "Submitted must be the first event and no other"
    if batch.finished:
        return "nothing may follow Finished"
    match event:
        case events.Submitted():
            return None
        case events.Started():
            lost = event.worker_id in batch.lost_by
            return f"worker {event.worker_id} had lost the batch and cannot start again" if lost else None
        case events.ReportSucceeded() | events.ReportFailed():
            if batch.pending[:1] != (event.report_id,):
                return f"report {event.report_id} has its outcome out of turn"
            if batch.worker_id is None and isinstance(event, events.ReportSucceeded):
                return f"report {event.report_id} succeeded before any worker took the batch"
            return None
        case events.Finished():
            told = (event.successful, event.failed, event.status)
            true = final_status(successful=batch.successful, failed=batch.failed)
            if batch.pending or told != (batch.successful, batch.failed, true):
                return f"Finished does not match {batch.successful} successful and {batch.failed} failed reports"
            return None
        case _:
            assert_never(event)
