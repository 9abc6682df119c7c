"""The embedded database as its users see it: entered, used, left."""

import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import psycopg

from adapters.embedded.binaries import CHOSEN
from adapters.embedded.layout import Layout
from sql import query

START_PATIENCE = 60.0
LOOK_EVERY = 0.02
GUARD_EVERY = 0.5
DATABASE = "fna_batch"
SERVICE = "fna_batch_service"


class EmbeddedPostgresFailed(Exception):
    """The embedded database could not be started; the message says why and what to do."""


class EmbeddedPostgres:
    """A context manager: inside it the database below `folder` runs, started by whoever comes first.

    Any number of processes may use one folder at once; after the last the server stops by itself, however they
    ended. `programs` is the folder of the PostgreSQL to run, `options` are settings of the server for whoever
    comes first. Raises EmbeddedPostgresFailed on entering.
    """

    def __init__(self, folder: Path, options: Sequence[str] = (), programs: Path | None = None) -> None:
        self._layout = Layout.at(folder.expanduser().resolve())
        self._chosen = {CHOSEN: str(programs)} if programs else {}
        self._options = [argument for option in options for argument in ("-c", option)]
        self._users: IO[Any] | None = None
        self._left = threading.Event()

    @property
    def admin_url(self) -> str:
        """Connects as the owner of everything: for migrations."""
        return self._layout.conninfo(DATABASE)

    @property
    def url(self) -> str:
        """Connects as a user that has the privileges of the service's role and no others."""
        return self._layout.conninfo(DATABASE, user=SERVICE)

    def __enter__(self) -> "EmbeddedPostgres":
        try:
            self._layout.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._users = self._layout.users_lock.open("a")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            self._wait_until_it_answers()
        except OSError as failed:
            self.__exit__(None, None, None)
            why = str(failed).rstrip(".")
            raise EmbeddedPostgresFailed(
                f"The embedded database in {self._layout.root} cannot be used: {why}. Set FNA_BATCH_DATA_DIR to a "
                "folder that you may write to, or FNA_BATCH_DATABASE_URL to a PostgreSQL that runs."
            ) from failed
        threading.Thread(target=self._guard, daemon=True, name="embedded-postgres-guard").start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        if self._users is not None:
            self._users.close()
            self._users = None

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_PATIENCE
        self._start_supervisor_if_none()
        while True:
            try:
                return self._create_database()
            except psycopg.OperationalError as not_yet:
                if time.monotonic() > deadline:
                    raise OSError(f"it does not answer, see {self._layout.log}") from not_yet
            time.sleep(LOOK_EVERY)
            self._start_supervisor_if_none(but_not_after_failure=True)

    def _create_database(self) -> None:
        try:
            with psycopg.connect(self.admin_url, connect_timeout=2, autocommit=True) as connection:
                _create_service_user(connection)
        except psycopg.OperationalError as refused:
            if f'database "{DATABASE}" does not exist' not in str(refused):
                raise
            with psycopg.connect(self._layout.conninfo("postgres"), autocommit=True) as connection:
                try:
                    connection.execute(query("create_database"))
                except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                    return
                finally:
                    _create_service_user(connection)

    def _guard(self) -> None:
        """Anything may kill the supervisor: every user of the database sees to it that there is one."""
        while not self._left.wait(GUARD_EVERY):
            self._start_supervisor_if_none()

    def _start_supervisor_if_none(self, but_not_after_failure: bool = False) -> None:
        with self._layout.supervisor_lock.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            if but_not_after_failure and self._layout.failure.exists():  # it is written before the lock is let go
                raise OSError(self._layout.failure.read_text())
        subprocess.run(
            [sys.executable, "-m", "adapters.embedded.supervisor", str(self._layout.root), *self._options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **self._chosen},
            check=False,
        )


def _create_service_user(connection: psycopg.Connection[Any]) -> None:
    """Where there is none yet; the migration makes it a member of the service's role."""
    with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        connection.execute(query("create_service_user"))
