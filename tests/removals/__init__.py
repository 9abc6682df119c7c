"""Every guarantee of docs/guarantees.md, with the lines that enforce it: what `make removals` removes."""

from tests.removals import audit, database, log, operations, submits, workers
from tests.removals.removal import Removal

REMOVALS = (
    *log.REMOVALS,
    *submits.REMOVALS,
    *workers.REMOVALS,
    *database.REMOVALS,
    *audit.REMOVALS,
    *operations.REMOVALS,
)

__all__ = ["REMOVALS", "Removal"]
