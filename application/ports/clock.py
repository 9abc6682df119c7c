"""Time and ids: they enter here and nowhere else."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

Clock = Callable[[], datetime]
"""The present instant, with its time zone."""

NewId = Callable[[], UUID]
"""A new UUIDv7."""
