"""The stored shapes of the events. Names and shapes are a contract: the log keeps every released one for ever.

To change a shape, raise its schema version in `NEWEST`, add an upcast from the previous version to `UPCASTS`, and add
the golden fixtures of the new version. Never edit a released shape or its fixtures.
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
    """Return the data of `Submitted` version 2, which added `retry_of`. Version 1 predates retries."""
    return {**data, "retry_of": None} if "retry_of" not in data else {"not of version 1": data}


UPCASTS: Mapping[tuple[str, int], Callable[[Data], Data]] = {("Submitted", 1): _submitted_2}
"""The upcast from each older schema version to the next one."""
NEWEST_VERSION = dict(NEWEST.values())


class JsonEventCodec(EventCodec):
    """An event codec that upcasts older schema versions when it decodes."""

    def encode(self, event: events.Event) -> tuple[str, int, Mapping[str, Any]]:
        name, schema_version = NEWEST[type(event)]
        return name, schema_version, SHAPES[name].dump_python(event, mode="json")

    def encode_metadata(self, metadata: Metadata) -> Mapping[str, Any]:
        dumped: Mapping[str, Any] = METADATA.dump_python(metadata, mode="json", exclude_none=True)
        return dumped

    def decode(self, stored: StoredEvent) -> RecordedEvent:
        shape, newest = SHAPES.get(stored.type), NEWEST_VERSION.get(stored.type, 0)
        if shape is None or not 1 <= stored.schema_version <= newest:
            raise _unreadable(stored, f"{stored.type} of schema version {stored.schema_version} is not a known event")
        data = stored.data
        for version in range(stored.schema_version, newest):
            data = UPCASTS[stored.type, version](data)
        try:
            event = shape.validate_python(data, extra="forbid")
            metadata = METADATA.validate_python(stored.metadata, extra="forbid")
        except ValidationError as invalid:
            fields = ", ".join(".".join(map(str, error["loc"])) for error in invalid.errors())
            problem = f"{stored.type} does not match the shape of its schema version in these fields: {fields}"
            raise _unreadable(stored, problem) from None
        return RecordedEvent(
            batch_id=stored.batch_id,
            version=stored.version,
            event=event,
            metadata=metadata,
            recorded_at=stored.recorded_at,
            hash=stored.hash,
        )


def _unreadable(stored: StoredEvent, problem: str) -> EventUnreadable:
    return EventUnreadable(stored.batch_id, stored.version, problem)
