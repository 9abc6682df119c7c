"""The shapes of the event log: stored events, their meaning, and the hash chain that ties a batch together."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.events import Event

NO_HASH = bytes(32)
"""The `previous_hash` of the first event of a batch."""
GlobalPosition = tuple[int, int]
"""Transaction id and position: the order in which the log's transactions committed."""
HASHED_AS = b"fna-batch event 1\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The actor who caused an event, and the request it belongs to.

    `actor` is `user:<uuid>`, `worker:<id>` or `operator:<name>`.
    """

    actor: str
    correlation_id: UUID
    causation_id: UUID | None = None
    traceparent: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """One row of `batch_events`, as it is written. `hash` covers every other field, `previous_hash` included."""

    batch_id: UUID
    version: int
    type: str
    schema_version: int
    data: Mapping[str, Any]
    metadata: Mapping[str, Any]
    recorded_at: datetime
    previous_hash: bytes
    hash: bytes = b""

    def computed_hash(self) -> bytes:
        """Return SHA-256 over a fixed line and the canonical JSON (RFC 8785) of the event; see docs/event-log.md."""
        return hashlib.sha256(HASHED_AS + canonical_json(self.hashed())).digest()

    def hashed(self) -> dict[str, Any]:
        """Return the fields that the hash covers, as JSON."""
        return {
            "batch_id": str(self.batch_id),
            "version": self.version,
            "type": self.type,
            "schema_version": self.schema_version,
            "data": self.data,
            "metadata": self.metadata,
            "recorded_at": instant(self.recorded_at),
            "previous_hash": self.previous_hash.hex(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """A decoded event of a stream; the next event of the batch links to its `hash`."""

    batch_id: UUID
    version: int
    event: Event
    metadata: Metadata
    recorded_at: datetime
    hash: bytes


def canonical_json(value: object) -> bytes:
    """Return RFC 8785 JSON of what events hold: objects with ASCII keys, lists, strings, integers, booleans, null."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def instant(moment: datetime) -> str:
    """Return RFC 3339 in UTC with microseconds, the one spelling in which an instant is hashed and shown."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def with_hash(event: StoredEvent) -> StoredEvent:
    """Return the event with its hash computed."""
    return replace(event, hash=event.computed_hash())
