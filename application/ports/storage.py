"""The port to a transaction: all that is done in it is stored together or not at all."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from application.ports.event_store import EventStore
from application.ports.read_model import BatchJobs
from application.ports.reports import Reports
from application.ports.submissions import Dispatcher, Submissions


class Transaction(Protocol):
    """The ports of the main job that write together."""

    @property
    def events(self) -> EventStore: ...
    @property
    def batch_jobs(self) -> BatchJobs: ...
    @property
    def reports(self) -> Reports: ...
    @property
    def submissions(self) -> Submissions: ...
    @property
    def queue(self) -> Dispatcher: ...


class Storage(Protocol):
    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commit on leaving the context, roll back on an exception.

        Raises StorageUnavailable while the database is away, Conflict if two transactions collided.
        """
        ...
