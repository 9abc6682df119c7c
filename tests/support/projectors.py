"""Projectors of a future release, for `audit replay`."""

from application.log import RecordedEvent
from application.read_model import BatchJob, project
from domain.events import ReportFailed


def forgetful(job: BatchJob | None, recorded: RecordedEvent) -> BatchJob:
    """Project as today, but ignore reports that failed: a fault that a replay shows."""
    if job is not None and isinstance(recorded.event, ReportFailed):
        return job
    return project(job, recorded)
