"""Plain connections to the test's database, and a batch written through one of them."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from entrypoints.container import Database
from tests.support.database import Connection, owner_connection, service_connection
from tests.support.event_rows import append


@pytest.fixture
def owner(database: Database) -> Iterator[Connection]:
    """Connect as the owner of the tables: triggers and constraints apply, privileges do not."""
    with owner_connection(database) as connection:
        yield connection


@pytest.fixture
def app(database: Database) -> Iterator[Connection]:
    """Connect with the privileges of the service, as the role `fna_batch_app`."""
    with service_connection(database) as connection:
        yield connection


@pytest.fixture
def batch(owner: Connection) -> UUID:
    """The id of a started batch: a stream of two events."""
    batch_id = uuid4()
    append(owner, batch_id, 1, "Submitted")
    append(owner, batch_id, 2, "Started")
    return batch_id
