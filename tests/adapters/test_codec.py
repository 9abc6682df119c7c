"""Every released shape of an event has a fixture, and must decode for ever."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from adapters.codec import JsonEventCodec
from adapters.codec.events import NEWEST, SHAPES, UPCASTS
from application.log import NO_HASH, Metadata, StoredEvent
from domain import events
from domain.failures import FailureCode, errors_for
from domain.statuses import BatchStatus
from domain.tiers import Tier

FIXTURES = Path(__file__).parents[1] / "fixtures" / "events"
REPORT, ANALYSIS = UUID(int=0x11), UUID(int=0x21)
SUBMITTED = events.Submitted(user_id=UUID(int=1), tier=Tier.PRO, report_ids=(REPORT, UUID(int=0x12)))
EXAMPLES: dict[tuple[str, int], events.Event] = {
    ("Submitted", 1): SUBMITTED,
    ("Submitted", 2): replace(SUBMITTED, retry_of=UUID(int=0x31)),
    ("Started", 1): events.Started(worker_id="0b1c:7", attempt=2),
    ("ReportSucceeded", 1): events.ReportSucceeded(report_id=REPORT, analysis_id=ANALYSIS, duration_ms=1250),
    ("ReportFailed", 1): events.ReportFailed(
        report_id=REPORT, code=FailureCode.CANCELLED, errors=errors_for(FailureCode.CANCELLED)
    ),
    ("Finished", 1): events.Finished(
        status=BatchStatus.PARTIALLY_COMPLETED, successful=1, failed=1, reason="no longer needed"
    ),
}
RELEASED = sorted(EXAMPLES)
codec = JsonEventCodec()


def stored(type_: str, schema_version: int, data: Any, metadata: Any = None) -> StoredEvent:
    return StoredEvent(
        batch_id=UUID(int=9),
        version=1,
        type=type_,
        schema_version=schema_version,
        data=data,
        metadata=metadata or {"actor": "worker:w1", "correlation_id": str(UUID(int=5))},
        recorded_at=datetime(2026, 3, 3, tzinfo=UTC),
        previous_hash=NO_HASH,
        hash=NO_HASH,
    )


@pytest.mark.parametrize(("type_", "schema_version"), RELEASED)
def test_a_released_shape_decodes_to_the_event_that_was_encoded(type_: str, schema_version: int) -> None:
    fixture = json.loads((FIXTURES / f"{type_}.{schema_version}.json").read_text())
    assert codec.decode(stored(type_, schema_version, fixture)).event == EXAMPLES[type_, schema_version]


@pytest.mark.parametrize(("type_", "schema_version"), NEWEST.values())
def test_an_event_is_encoded_as_the_fixture_of_its_newest_shape(type_: str, schema_version: int) -> None:
    fixture = json.loads((FIXTURES / f"{type_}.{schema_version}.json").read_text())
    assert codec.encode(EXAMPLES[type_, schema_version]) == (type_, schema_version, fixture)


@pytest.mark.parametrize(("type_", "schema_version"), NEWEST.values())
def test_a_shape_that_changes_needs_a_new_version(type_: str, schema_version: int) -> None:
    """Compare each shape with its recorded JSON schema. If this fails, add a schema version and an upcast."""
    recorded = json.loads((FIXTURES / f"{type_}.{schema_version}.schema.json").read_text())
    written = SHAPES[type_].json_schema(mode="serialization")
    assert without_descriptions(written) == recorded


def without_descriptions(schema: Any) -> Any:
    """Return the JSON schema without its descriptions, which come from docstrings and may change."""
    match schema:
        case dict():
            return {name: without_descriptions(value) for name, value in schema.items() if name != "description"}
        case list():
            return list(map(without_descriptions, schema))
        case _:
            return schema


def test_every_event_has_a_newest_shape_and_every_older_shape_an_upcast() -> None:
    assert set(NEWEST) == set(events.Event.__args__)
    versions = {(type_, version) for type_, newest in NEWEST.values() for version in range(1, newest + 1)}
    assert set(EXAMPLES) == versions, "every released shape needs an example in EXAMPLES"
    assert set(UPCASTS) == versions - set(NEWEST.values())
    examples = {file.name for file in FIXTURES.glob("*.json") if ".schema." not in file.name}
    assert examples == {f"{type_}.{version}.json" for type_, version in versions}


def test_an_old_shape_with_a_field_of_a_newer_one_is_refused() -> None:
    newer = json.loads((FIXTURES / "Submitted.2.json").read_text())
    with pytest.raises(ValueError, match="Submitted"):
        codec.decode(stored("Submitted", 1, newer))


def test_metadata_is_decoded_as_it_was_encoded() -> None:
    metadata = Metadata(actor="user:1", correlation_id=UUID(int=3), causation_id=UUID(int=4), reason="a request")
    encoded = codec.encode_metadata(metadata)
    _, _, data = codec.encode(EXAMPLES["Started", 1])
    assert codec.decode(stored("Started", 1, data, encoded)).metadata == metadata
    assert "traceparent" not in encoded


@pytest.mark.parametrize(
    ("type_", "schema_version", "data"),
    [
        ("Repaired", 1, {}),
        ("Started", 99, {"worker_id": "w", "attempt": 1}),
        ("Started", 1, {"worker_id": "w"}),
        ("Started", 1, {"worker_id": "w", "attempt": 1, "surprise": True}),
    ],
)
def test_data_that_fits_no_shape_raises_a_value_error(type_: str, schema_version: int, data: Any) -> None:
    with pytest.raises(ValueError, match=type_):
        codec.decode(stored(type_, schema_version, data))
