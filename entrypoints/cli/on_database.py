"""Running a command's work on the database of the settings."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from entrypoints.container import Container, database
from entrypoints.settings import Settings

T = TypeVar("T")


def run_on_database(work: Callable[[Container], Awaitable[T]]) -> T:
    """Run `work` with a container over the database of the settings; return its result."""
    settings = Settings()

    async def run(url: str) -> T:
        container = Container(settings=settings, database_url=url)
        async with container.pool():
            return await work(container)

    with database(settings) as running:
        return asyncio.run(run(running.url))
