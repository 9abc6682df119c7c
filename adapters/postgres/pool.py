"""The connection pool, and the one place that turns the driver's errors into the application's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from application.errors import Conflict, StorageUnavailable

Connection = psycopg.AsyncConnection[DictRow]
Pool = AsyncConnectionPool[Connection]

LIVENESS = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}


def connection_pool(database_url: str, *, size: int, timeout: float) -> Pool:
    """A pool of at most `size` connections, not yet open; a caller waits for one at most `timeout` seconds."""
    kwargs: dict[str, Any] = {
        "row_factory": dict_row,
        "autocommit": True,
        "connect_timeout": 3,
        "application_name": "fna-batch",
        **LIVENESS,
    }
    return AsyncConnectionPool(
        database_url,
        connection_class=Connection,
        kwargs=kwargs,
        min_size=1,
        max_size=size,
        timeout=timeout,
        open=False,
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
