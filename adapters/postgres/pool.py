"""The connection pool, and the one place that turns the driver's errors into the application's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from adapters.postgres.values import read_anything
from application.errors import Conflict, StorageUnavailable
from sql import query

T = TypeVar("T")
SERVERS_SHARE = 0.9
IDLE = 3
"""Deadlines that a transaction may be idle."""
LIVENESS = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}


class Connection(psycopg.AsyncConnection[DictRow]):
    """Closes itself when the server does not answer within `deadline` seconds.

    The deadline is for each exchange, so a long transaction lives as long as it makes progress.
    """

    deadline: float | None = None

    async def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        try:
            return await super().wait(gen, interval, self.deadline if timeout is None else timeout)
        except psycopg.errors.ReadOnlySqlTransaction:
            self.pgconn.finish()  # the server became a standby; the next connection finds the primary
            raise
        except psycopg.OperationalError:
            if timeout is None and self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(1000 * seconds)))


Pool = AsyncConnectionPool[Connection]


def connection_pool(database_url: str, *, size: int, patience: float, deadline: float) -> Pool:
    """Return a pool of at most `size` connections, not yet open.

    A caller waits at most `patience` seconds for a connection, and `deadline` seconds for each answer. The server's own
    statement timeout is a little shorter, so that a statement that waits for a lock ends and the connection survives.
    The server also ends the transaction of a client that is frozen while it holds locks.
    """

    async def configure(connection: Connection) -> None:
        connection.deadline = deadline
        read_anything(connection)
        bounds = {"statement": _milliseconds(SERVERS_SHARE * deadline), "idle": _milliseconds(IDLE * deadline)}
        await connection.execute(query("bound_session"), bounds)

    kwargs: dict[str, Any] = {
        "row_factory": dict_row,
        "autocommit": True,
        "connect_timeout": 3,
        "prepare_threshold": None,  # a pooler in transaction mode mixes up prepared statements
        "application_name": "fna-batch",
        **LIVENESS,
    }
    return AsyncConnectionPool(
        database_url,
        connection_class=Connection,
        kwargs=kwargs,
        min_size=1,
        max_size=size,
        timeout=patience,
        open=False,
        configure=configure,
        check=AsyncConnectionPool.check_connection,
        reconnect_timeout=0,
    )


@contextmanager
def translated() -> Iterator[None]:
    """Raise StorageUnavailable for a database that is away, Conflict for transactions that collided."""
    try:
        yield
    except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected) as collision:
        raise Conflict(str(collision)) from collision
    except psycopg.errors.ReadOnlySqlTransaction as failed_over:
        raise StorageUnavailable("it is read-only") from failed_over
    except (psycopg.OperationalError, psycopg.errors.IdleInTransactionSessionTimeout, PoolTimeout) as away:
        raise StorageUnavailable(type(away).__name__) from away
