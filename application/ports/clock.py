"""Time and ids. They enter the application here and nowhere else."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

Clock = Callable[[], datetime]
"""Return the present instant, with its time zone."""

NewId = Callable[[], UUID]
"""Return a new UUIDv7."""
