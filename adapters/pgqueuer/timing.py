"""How often a worker acts, and how long it waits; in seconds where the name ends in `_S`."""

from datetime import timedelta

POLL_S = 0.5
"""Between polls of the queue, and before retries. Polling alone ensures progress; notifications only reduce latency."""
LISTEN_S = 60.0
"""Longest wait for a notification before the listening connection is used again."""
HEARTBEATS_PER_TIMEOUT = 4
HAND_BACK_S = 10.0
"""Time for a batch that was cancelled at shutdown to be handed back, before it is cancelled again."""
RECONCILE_S = 5.0
RETRY_DELAY = timedelta(seconds=1)
"""Before a batch whose processing failed may be claimed again."""
