"""The port to a transaction: everything done in it is stored together or not at all."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from application.ports.event_store import EventStore
from application.ports.read_model import BatchJobs
from application.ports.reports import Reports
from application.ports.submissions import Dispatcher, Submissions


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """The ports that write together."""

    events: EventStore
    batch_jobs: BatchJobs
    reports: Reports
    submissions: Submissions
    queue: Dispatcher


class Storage(Protocol):
    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commits on leaving, rolls back on an exception.

        Raises StorageUnavailable while the database is away, Conflict where two transactions collided.
        """
        ...
