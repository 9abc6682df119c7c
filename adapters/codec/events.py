"""The stored shapes of the events. A name or shape here is a contract: it is read for ever."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from application.log import Metadata, RecordedEvent, StoredEvent
from application.ports.codec import EventCodec
from domain import events

SHAPES: Mapping[tuple[str, int], TypeAdapter[events.Event]] = {
    ("Submitted", 1): TypeAdapter(events.Submitted),
    ("Started", 1): TypeAdapter(events.Started),
    ("ReportSucceeded", 1): TypeAdapter(events.ReportSucceeded),
    ("ReportFailed", 1): TypeAdapter(events.ReportFailed),
    ("Finished", 1): TypeAdapter(events.Finished),
}
NEWEST: Mapping[type[events.Event], tuple[str, int]] = {
    events.Submitted: ("Submitted", 1),
    events.Started: ("Started", 1),
    events.ReportSucceeded: ("ReportSucceeded", 1),
    events.ReportFailed: ("ReportFailed", 1),
    events.Finished: ("Finished", 1),
}
METADATA = TypeAdapter(Metadata)


class JsonEventCodec(EventCodec):
    def encode(self, event: events.Event) -> tuple[str, int, Mapping[str, Any]]:
        name, schema_version = NEWEST[type(event)]
        return name, schema_version, SHAPES[name, schema_version].dump_python(event, mode="json")

    def encode_metadata(self, metadata: Metadata) -> Mapping[str, Any]:
        dumped: Mapping[str, Any] = METADATA.dump_python(metadata, mode="json", exclude_none=True)
        return dumped

    def decode(self, stored: StoredEvent) -> RecordedEvent:
        shape = SHAPES.get((stored.type, stored.schema_version))
        if shape is None:
            raise ValueError(f"no shape is known for {stored.type} of schema version {stored.schema_version}")
        try:
            event = shape.validate_python(stored.data, extra="forbid")
            metadata = METADATA.validate_python(stored.metadata, extra="forbid")
        except ValidationError as wrong:
            fields = ", ".join(".".join(map(str, error["loc"])) for error in wrong.errors())
            raise ValueError(f"{stored.type} does not have the shape of its schema version in: {fields}") from None
        return RecordedEvent(
            batch_id=stored.batch_id,
            version=stored.version,
            event=event,
            metadata=metadata,
            recorded_at=stored.recorded_at,
            hash=stored.hash,
        )
