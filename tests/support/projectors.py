"""Projectors that a deploy might bring, for `audit replay`."""

from application.log import RecordedEvent
from application.read_model import BatchJob, project
from domain.events import ReportFailed


def forgetful(job: BatchJob | None, recorded: RecordedEvent) -> BatchJob:
    """It has a fault."""
    if job is not None and isinstance(recorded.event, ReportFailed):
        return job
    return project(job, recorded)
