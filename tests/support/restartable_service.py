"""A service on a database of the test's own, which can be stopped and started again."""

from contextlib import ExitStack
from types import TracebackType

from entrypoints.container import Database
from entrypoints.settings import Settings
from tests.support.running_service import Service, running


class RestartableService:
    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.settings = settings
        self._running = ExitStack()

    def start(self, *, worker: bool = True) -> Service:
        """Start the service, with or without a worker; stop the one that runs."""
        self._running.close()
        return self._running.enter_context(running(self.database, self.settings, worker=worker))

    def __enter__(self) -> "RestartableService":
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._running.close()
