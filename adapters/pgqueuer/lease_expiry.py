"""When a lease has expired: its holder is taken for dead, and another worker may take the batch over."""

import asyncio
from datetime import timedelta

from adapters.pgqueuer.timing import HEARTBEATS_PER_TIMEOUT, POLL_S

AGE_AFTER_OUTAGE = timedelta(days=1)


class LeaseExpiry:
    """How long after its last heartbeat a lease expires: after the heartbeat timeout, except right after an outage.

    No worker can renew a lease while the database is away, so all leases are old when it returns. Live workers then
    get half a timeout to renew theirs before any lease expires. A long gap between two reads of the queue is taken for
    an outage.
    """

    def __init__(self, heartbeat_timeout: timedelta) -> None:
        self._timeout = heartbeat_timeout
        self._last_read: float | None = None
        self._no_expiry_before = 0.0

    def age_after_read(self) -> timedelta:
        """Return the age at which a lease expires. Call this right after each successful read of the queue."""
        now, timeout = asyncio.get_running_loop().time(), self._timeout.total_seconds()
        if self._last_read is not None and now - self._last_read > timeout / HEARTBEATS_PER_TIMEOUT + 2 * POLL_S:
            self._no_expiry_before = now + timeout / 2
        self._last_read = now
        return self._timeout if now >= self._no_expiry_before else AGE_AFTER_OUTAGE
