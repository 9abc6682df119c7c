"""The real clock, ids and randomness. The application receives them; only this module reads them."""

import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

FIRST_BACKOFF_S, MOST_BACKOFF_S = 0.5, 30.0


def utc_now() -> datetime:
    return datetime.now(UTC)


def new_id() -> UUID:
    return uuid7()


async def pause() -> None:
    """Wait before the database is tried again, for a random time, so that workers do not try in step."""
    await asyncio.sleep(random.uniform(0.5, 1.5))


def backoff(retries: int) -> Iterator[float]:
    """Yield the seconds before each retry: doubled each time, and randomly shortened by up to half."""
    for number in range(retries):
        yield min(MOST_BACKOFF_S, FIRST_BACKOFF_S * 2**number) * random.uniform(0.5, 1.0)
