"""A sealed log, and a superuser who changes it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from application.log import NO_HASH, StoredEvent, with_hash
from entrypoints.container import Container, Database

COLUMNS = "batch_id, version, type, schema_version, data, metadata, recorded_at, previous_hash, hash"


@dataclass
class CrimeScene:
    """A log of four batches and one operator action, sealed by three checkpoints.

    The first checkpoint covers the five events of `victim` alone; `running` has two events; `kept` is the note of
    the latest checkpoint.
    """

    container: Container
    database: Database
    superuser: psycopg.Connection[dict[str, Any]]
    victim: UUID
    running: UUID
    kept: str

    def execute(self, statement: str, *values: object) -> None:
        """Execute a statement that changes at least one row."""
        assert self.superuser.execute(statement.encode(), values).rowcount, "the statement changed no row"

    def alter(self, statement: str) -> None:
        """Change the schema."""
        self.superuser.execute(statement.encode())

    def stream(self, batch_id: UUID | None = None) -> list[StoredEvent]:
        """Return the stored events of a batch, by default of the victim."""
        statement = f"SELECT {COLUMNS} FROM batch_events WHERE batch_id = %s ORDER BY version"
        return [StoredEvent(**row) for row in self.superuser.execute(statement.encode(), [batch_id or self.victim])]

    @property
    def owner(self) -> UUID:
        """The user who submitted the victim."""
        return UUID(self.stream()[0].data["user_id"])

    def rewrite_victim(self) -> Sequence[StoredEvent]:
        """Give the victim another analysis, and hash and link its whole stream again."""
        previous, chain = NO_HASH, []
        for event in self.stream():
            data = dict(event.data) | ({"duration_ms": 99} if event.type == "ReportSucceeded" else {})
            chain.append(with_hash(replace(event, data=data, previous_hash=previous)))
            previous = chain[-1].hash
            self.execute(
                "UPDATE batch_events SET data = %s, previous_hash = %s, hash = %s WHERE batch_id = %s AND version = %s",
                Jsonb(data),
                chain[-1].previous_hash,
                previous,
                event.batch_id,
                event.version,
            )
        return chain
