"""The port between an event and its stored shape."""

from collections.abc import Mapping
from typing import Any, Protocol

from application.log import Metadata, RecordedEvent, StoredEvent
from domain.events import Event


class EventCodec(Protocol):
    """Stored names and shapes are a contract: explicit types, a schema version each, upcasting in `decode`."""

    def encode(self, event: Event) -> tuple[str, int, Mapping[str, Any]]:
        """The event's stored type, schema version and data."""
        ...

    def encode_metadata(self, metadata: Metadata) -> Mapping[str, Any]: ...

    def decode(self, stored: StoredEvent) -> RecordedEvent:
        """Raises EventUnreadable where the row has no known type, version or shape."""
        ...
