"""The port to a transaction: everything done in it is stored together or not at all."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from application.operations.ports.actions import Actions
from application.operations.ports.erasure import Erasure
from application.ports.event_store import EventStore
from application.ports.read_model import BatchJobs, ReadModelRepair
from application.ports.reports import Reports
from application.ports.submissions import Dispatcher, Submissions


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """The ports that write together."""

    events: EventStore
    batch_jobs: BatchJobs
    repair: ReadModelRepair
    reports: Reports
    erasure: Erasure
    submissions: Submissions
    queue: Dispatcher
    acts: Actions


class Storage(Protocol):
    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commits on leaving, rolls back on an exception.

        Raises StorageUnavailable while the database is away, Conflict where two transactions collided.
        """
        ...
