"""The connection pool, and the one place that turns the driver's errors into the application's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from application.errors import Conflict, StorageUnavailable

T = TypeVar("T")
LIVENESS = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}


class Connection(psycopg.AsyncConnection[DictRow]):
    """Gives up a server that does not answer within `deadline` seconds, and itself with it.

    The deadline is for each exchange, so a long transaction lives as long as it makes progress.
    """

    deadline: float | None = None

    async def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        try:
            return await super().wait(gen, interval, self.deadline if timeout is None else timeout)
        except psycopg.errors.ReadOnlySqlTransaction:
            self.pgconn.finish()  # a standby since a failover; the next connection finds the primary
            raise
        except psycopg.OperationalError:
            if timeout is None and self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise


Pool = AsyncConnectionPool[Connection]


def connection_pool(database_url: str, *, size: int, patience: float, deadline: float) -> Pool:
    """A pool of at most `size` connections, not yet open.

    A caller waits at most `patience` seconds for a connection, and `deadline` seconds for each answer on it.
    """

    async def configure(connection: Connection) -> None:
        connection.deadline = deadline

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
    """Raises StorageUnavailable for a database that is away, Conflict for transactions that collided."""
    try:
        yield
    except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected) as collision:
        raise Conflict(str(collision)) from collision
    except psycopg.errors.ReadOnlySqlTransaction as failed_over:
        raise StorageUnavailable("it is read-only") from failed_over
    except (psycopg.OperationalError, PoolTimeout) as away:
        raise StorageUnavailable(type(away).__name__) from away
