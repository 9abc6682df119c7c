"""Stored shapes are read for ever: each that was ever released has a fixture here that must still decode."""

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
def test_a_released_shape_decodes_to_what_it_meant(type_: str, schema_version: int) -> None:
    fixture = json.loads((FIXTURES / f"{type_}.{schema_version}.json").read_text())
    assert codec.decode(stored(type_, schema_version, fixture)).event == EXAMPLES[type_, schema_version]


@pytest.mark.parametrize(("type_", "schema_version"), NEWEST.values())
def test_the_newest_shape_is_written_as_its_fixture_says(type_: str, schema_version: int) -> None:
    fixture = json.loads((FIXTURES / f"{type_}.{schema_version}.json").read_text())
    assert codec.encode(EXAMPLES[type_, schema_version]) == (type_, schema_version, fixture)


@pytest.mark.parametrize(("type_", "schema_version"), NEWEST.values())
def test_a_shape_that_changes_needs_a_new_version(type_: str, schema_version: int) -> None:
    """Its JSON schema is kept beside its example. What was released is never edited: add a version and an upcast."""
    kept = json.loads((FIXTURES / f"{type_}.{schema_version}.schema.json").read_text())
    written = SHAPES[type_].json_schema(mode="serialization")
    assert undescribed(written) == kept


def undescribed(schema: Any) -> Any:
    """Without what is there to be read."""
    match schema:
        case dict():
            return {name: undescribed(value) for name, value in schema.items() if name != "description"}
        case list():
            return list(map(undescribed, schema))
        case _:
            return schema


def test_every_event_has_a_newest_shape_and_every_older_one_a_way_to_it() -> None:
    assert set(NEWEST) == set(events.Event.__args__)
    versions = {(type_, version) for type_, newest in NEWEST.values() for version in range(1, newest + 1)}
    assert set(EXAMPLES) == versions, "every released shape has an example"
    assert set(UPCASTS) == versions - set(NEWEST.values())
    examples = {file.name for file in FIXTURES.glob("*.json") if ".schema." not in file.name}
    assert examples == {f"{type_}.{version}.json" for type_, version in versions}


def test_an_old_shape_takes_no_field_of_a_newer_one() -> None:
    newer = json.loads((FIXTURES / "Submitted.2.json").read_text())
    with pytest.raises(ValueError, match="Submitted"):
        codec.decode(stored("Submitted", 1, newer))


def test_metadata_survives() -> None:
    metadata = Metadata(actor="user:1", correlation_id=UUID(int=3), causation_id=UUID(int=4), reason="asked to")
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
def test_what_no_shape_fits_is_a_value_error(type_: str, schema_version: int, data: Any) -> None:
    with pytest.raises(ValueError, match=type_):
        codec.decode(stored(type_, schema_version, data))
