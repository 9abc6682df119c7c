"""The port between an event and its stored shape."""

from collections.abc import Mapping
from typing import Any, Protocol

from application.log import Metadata, RecordedEvent, StoredEvent
from domain.events import Event


class EventCodec(Protocol):
    """Stored names and shapes are a contract: explicit types, a schema version each, upcasting in `decode` alone."""

    def encode(self, event: Event) -> tuple[str, int, Mapping[str, Any]]:
        """Return the event's stored type, schema version and data."""
        ...

    def encode_metadata(self, metadata: Metadata) -> Mapping[str, Any]: ...

    def decode(self, stored: StoredEvent) -> RecordedEvent:
        """Return the event with its meaning.

        Raises EventUnreadable if the row has no known type, schema version or shape.
        """
        ...
