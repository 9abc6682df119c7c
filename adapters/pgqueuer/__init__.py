"""Dispatch of batches to workers through PgQueuer's tables, in the same database as the event log."""

from adapters.pgqueuer.dispatcher import PgQueuerDispatcher
from adapters.pgqueuer.local_liveness import LocalLiveness
from adapters.pgqueuer.worker import PgQueuerWorker

__all__ = ["LocalLiveness", "PgQueuerDispatcher", "PgQueuerWorker"]
