"""Background tasks that are guaranteed to end."""

import asyncio
from collections.abc import AsyncIterator, Collection, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from adapters.pgqueuer.timing import POLL_S


@asynccontextmanager
async def in_background(coroutine: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run the coroutine as a task inside the context, and cancel the task at its end."""
    task = asyncio.create_task(coroutine)
    try:
        yield
    finally:
        await cancel_until_ended({task}, every=POLL_S)


async def cancel_until_ended(tasks: Collection[asyncio.Task[None]], *, every: float) -> None:
    """Cancel the tasks, and repeat the cancellation every so many seconds until all of them have ended.

    A single cancellation can get lost: the pool waits by `asyncio.wait_for`, which on Python 3.11 drops a cancellation
    that arrives at the same moment as the awaited result.
    """
    while tasks:
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=every)
