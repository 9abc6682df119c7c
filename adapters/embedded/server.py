"""The context manager through which a process uses the embedded database."""

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

from adapters.embedded.layout import Layout
from adapters.embedded.programs import PROGRAMS_VARIABLE
from sql import query

START_TIMEOUT = 60.0
CONNECT_INTERVAL = 0.02
GUARD_INTERVAL = 0.5
"""All in seconds."""
DATABASE = "fna_batch"
SERVICE = "fna_batch_service"


class EmbeddedPostgresFailed(Exception):
    """The embedded database did not start; the message says why and what to do."""


class EmbeddedPostgres:
    """A context manager; while a process is inside, the database below `folder` runs.

    Any number of processes may use one folder at the same time. The first one starts the server. The server stops after
    the last one has left or died. `options` are server settings of the form `name=value`; only those of the first
    process count. `programs` is the folder of the PostgreSQL programs to run; None searches for one. Raises
    EmbeddedPostgresFailed on entering.
    """

    def __init__(self, folder: Path, options: Sequence[str] = (), programs: Path | None = None) -> None:
        self._layout = Layout.at(folder.expanduser().resolve())
        self._programs = {PROGRAMS_VARIABLE: str(programs)} if programs else {}
        self._options = [argument for option in options for argument in ("-c", option)]
        self._users: IO[Any] | None = None
        self._exited = threading.Event()

    @property
    def admin_url(self) -> str:
        """The connection string of the superuser, for migrations."""
        return self._layout.conninfo(DATABASE)

    @property
    def url(self) -> str:
        """The connection string of a user with the privileges of the service's role and no others."""
        return self._layout.conninfo(DATABASE, user=SERVICE)

    def __enter__(self) -> "EmbeddedPostgres":
        try:
            self._layout.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._users = self._layout.users_lock.open("a")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            self._wait_for_server()
        except OSError as failed:
            self.__exit__(None, None, None)
            problem = str(failed).rstrip(".")
            raise EmbeddedPostgresFailed(
                f"The embedded database in {self._layout.root} cannot be used: {problem}. Set FNA_BATCH_DATA_DIR to a "
                "folder that you can write to, or FNA_BATCH_DATABASE_URL to the URL of a running PostgreSQL."
            ) from failed
        threading.Thread(target=self._guard, daemon=True, name="embedded-postgres-guard").start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exited.set()
        if self._users is not None:
            self._users.close()
            self._users = None

    def _wait_for_server(self) -> None:
        """Start a supervisor if none runs, and return once the server accepts connections. Raises OSError."""
        deadline = time.monotonic() + START_TIMEOUT
        self._start_supervisor_if_none()
        while True:
            try:
                return self._create_database()
            except psycopg.OperationalError as not_yet:
                if time.monotonic() > deadline:
                    raise OSError(
                        f"PostgreSQL did not answer within {START_TIMEOUT:.0f} s, see {self._layout.log}"
                    ) from not_yet
            time.sleep(CONNECT_INTERVAL)
            self._start_supervisor_if_none(raise_last_failure=True)

    def _create_database(self) -> None:
        """Create the database and the service's user if they do not exist.

        Raises psycopg.OperationalError if the server does not accept connections yet.
        """
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
        """Restart a supervisor that was killed, until this process leaves."""
        while not self._exited.wait(GUARD_INTERVAL):
            self._start_supervisor_if_none()

    def _start_supervisor_if_none(self, raise_last_failure: bool = False) -> None:
        """Start a supervisor if none holds the supervisor's lock.

        With `raise_last_failure`, raise OSError with the message of a supervisor that gave up, instead of starting
        another one.
        """
        with self._layout.supervisor_lock.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            if raise_last_failure and self._layout.failure.exists():  # written before the supervisor releases its lock
                raise OSError(self._layout.failure.read_text())
        subprocess.run(
            [sys.executable, "-m", "adapters.embedded.supervisor", str(self._layout.root), *self._options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **self._programs},
            check=False,
        )


def _create_service_user(connection: psycopg.Connection[Any]) -> None:
    """Create the service's user if it does not exist; a migration makes the user a member of the service's role."""
    with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        connection.execute(query("create_service_user"))
