"""Dispatch of batches to workers by PgQueuer, on the database that holds the log."""

from adapters.pgqueuer.dispatcher import PgQueuerDispatcher
from adapters.pgqueuer.local_liveness import LocalLiveness
from adapters.pgqueuer.worker import PgQueuerWorker

__all__ = ["LocalLiveness", "PgQueuerDispatcher", "PgQueuerWorker"]
