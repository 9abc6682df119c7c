"""The port to a transaction: everything done in it is stored together or not at all."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from application.ports.event_store import EventStore
from application.ports.read_model import BatchJobs
from application.ports.reports import Reports
from application.ports.submissions import Dispatcher, Submissions


class Transaction(Protocol):
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
    def transaction(self, *, large: bool = False) -> AbstractAsyncContextManager[Transaction]:
        """Commits on leaving, rolls back on an exception; `large` ones move a whole report and may take longer.

        Raises StorageUnavailable while the database is away, Conflict where two transactions collided.
        """
        ...
