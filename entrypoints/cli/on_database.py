"""Work of a command on the database of the settings."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from entrypoints.container import Container, database
from entrypoints.settings import Settings

T = TypeVar("T")


def with_container(work: Callable[[Container], Awaitable[T]]) -> T:
    """Run `work` on the database of the settings."""
    settings = Settings()

    async def run(url: str) -> T:
        container = Container(settings=settings, database_url=url)
        async with container.pool():
            return await work(container)

    with database(settings) as found:
        return asyncio.run(run(found.url))
