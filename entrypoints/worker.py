"""A worker with its housekeeping, beside the API or in a process of its own."""

import asyncio

import structlog

from entrypoints.container import Container
from entrypoints.housekeeping import Housekeeping

log = structlog.get_logger()


class WorkerWithHousekeeping:
    """Call `run` once. The container's pool must be open until `run` returns."""

    def __init__(self, container: Container) -> None:
        self._worker, self._housekeeping = container.worker(), Housekeeping(container)
        self._analyzer = container.analyzer()

    def stop(self) -> None:
        self._worker.stop()

    async def run(self) -> None:
        """Work until `stop` is called, drain, and seal at last what was appended."""
        keeping = asyncio.create_task(self._housekeeping.run())
        try:
            await self._worker.run()
        except Exception as failure:
            log.exception("the worker ended unexpectedly", error=type(failure).__name__)
            raise
        finally:
            self._housekeeping.stop()
            try:
                await keeping
            finally:
                self._analyzer.close()
