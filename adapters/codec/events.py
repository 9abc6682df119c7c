"""The stored shapes of the events. A name or shape here is a contract: it is read for ever.

To change a shape, give it the next version: enter it in `NEWEST`, say in `UPCASTS` how the data of the version before
become data of this one, and add its golden fixtures. What was released is never edited.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from application.errors import EventUnreadable
from application.log import Metadata, RecordedEvent, StoredEvent
from application.ports.codec import EventCodec
from domain import events

Data = Mapping[str, Any]

NEWEST: Mapping[type[events.Event], tuple[str, int]] = {
    events.Submitted: ("Submitted", 2),
    events.Started: ("Started", 1),
    events.ReportSucceeded: ("ReportSucceeded", 1),
    events.ReportFailed: ("ReportFailed", 1),
    events.Finished: ("Finished", 1),
}
SHAPES: Mapping[str, TypeAdapter[events.Event]] = {name: TypeAdapter(event) for event, (name, _) in NEWEST.items()}
METADATA = TypeAdapter(Metadata)


def _submitted_2(data: Data) -> Data:
    """Version 2 names the batch that is retried; before it, there were no retries."""
    return {**data, "retry_of": None} if "retry_of" not in data else {"not of version 1": data}


UPCASTS: Mapping[tuple[str, int], Callable[[Data], Data]] = {("Submitted", 1): _submitted_2}
"""From each version that is not the newest to the one after it."""
NEWEST_VERSION = dict(NEWEST.values())


class JsonEventCodec(EventCodec):
    def encode(self, event: events.Event) -> tuple[str, int, Mapping[str, Any]]:
        name, schema_version = NEWEST[type(event)]
        return name, schema_version, SHAPES[name].dump_python(event, mode="json")

    def encode_metadata(self, metadata: Metadata) -> Mapping[str, Any]:
        dumped: Mapping[str, Any] = METADATA.dump_python(metadata, mode="json", exclude_none=True)
        return dumped

    def decode(self, stored: StoredEvent) -> RecordedEvent:
        shape, newest = SHAPES.get(stored.type), NEWEST_VERSION.get(stored.type, 0)
        if shape is None or not 1 <= stored.schema_version <= newest:
            raise _unreadable(stored, f"no shape is known for {stored.type} of schema version {stored.schema_version}")
        data = stored.data
        for version in range(stored.schema_version, newest):
            data = UPCASTS[stored.type, version](data)
        try:
            event = shape.validate_python(data, extra="forbid")
            metadata = METADATA.validate_python(stored.metadata, extra="forbid")
        except ValidationError as wrong:
            fields = ", ".join(".".join(map(str, error["loc"])) for error in wrong.errors())
            why = f"{stored.type} does not have the shape of its schema version in: {fields}"
            raise _unreadable(stored, why) from None
        return RecordedEvent(
            batch_id=stored.batch_id,
            version=stored.version,
            event=event,
            metadata=metadata,
            recorded_at=stored.recorded_at,
            hash=stored.hash,
        )


def _unreadable(stored: StoredEvent, why: str) -> EventUnreadable:
    return EventUnreadable(stored.batch_id, stored.version, why)
