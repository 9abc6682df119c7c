"""The invariants of a stream: the orders and contents of events that `decide` can produce.

The audit checks stored streams against them. `decide` does not use them.
"""

from collections.abc import Iterable, Iterator
from typing import assert_never

from domain import events
from domain.batch import UNSUBMITTED, Batch, evolve
from domain.statuses import final_status


def violations(stream: Iterable[events.Event]) -> Iterator[tuple[int, str]]:
    """Yield the version of each event that violates a stream invariant, and a message for the operator.

    The first event of `stream` has version 1. If only `Finished` is missing, the version is that of the last event.
    """
    batch, version = UNSUBMITTED, 0
    for version, event in enumerate(stream, start=1):
        if broken_rule := _broken_rule(batch, event):
            yield version, f"violates a stream invariant: {broken_rule}"
        batch = evolve(batch, event)
    if batch.report_ids and not batch.pending and not batch.finished:
        yield version, "violates a stream invariant: Finished is missing after the last outcome"


def _broken_rule(batch: Batch, event: events.Event) -> str | None:
    """Return the invariant that `event` breaks when it follows the events folded into `batch`, or None."""
    if bool(batch.report_ids) is isinstance(event, events.Submitted):
        return "Submitted must be the first event and occur once"
    if batch.finished:
        return "no event may follow Finished"
    match event:
        case events.Submitted():
            return None
        case events.Started():
            lost = event.worker_id in batch.lost_by
            return f"worker {event.worker_id} had lost the batch and cannot start it again" if lost else None
        case events.ReportSucceeded() | events.ReportFailed():
            return _broken_rule_of_outcome(batch, event)
        case events.Finished():
            recorded = (event.successful, event.failed, event.status)
            status = final_status(successful=batch.successful, failed=batch.failed)
            if batch.pending or recorded != (batch.successful, batch.failed, status):
                return f"Finished does not match {batch.successful} successful and {batch.failed} failed reports"
            return None
        case _:
            assert_never(event)


def _broken_rule_of_outcome(batch: Batch, outcome: events.ReportSucceeded | events.ReportFailed) -> str | None:
    if batch.pending[:1] != (outcome.report_id,):
        return f"the outcome of report {outcome.report_id} is out of order"
    if batch.worker_id is None and isinstance(outcome, events.ReportSucceeded):
        return f"report {outcome.report_id} succeeded before any worker started the batch"
    return None
