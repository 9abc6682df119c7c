"""The hash of an event: over which fields, and over JSON in the canonical form that other programs can compute."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from application.log import NO_HASH, StoredEvent, canonical_json, instant, with_hash

keys = st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=5)
values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=10,
)
EVENT = with_hash(
    StoredEvent(
        batch_id=UUID(int=1),
        version=1,
        type="Started",
        schema_version=1,
        data={"worker_id": "w1", "attempt": 1},
        metadata={"actor": "worker:w1", "correlation_id": str(UUID(int=2))},
        recorded_at=datetime(2026, 3, 3, 12, 0, 0, 123456, tzinfo=UTC),
        previous_hash=NO_HASH,
    )
)


@given(values)
def test_canonical_json_follows_rfc_8785(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


def test_the_hash_covers_exactly_these_bytes() -> None:
    """Never change this test: every stored log depends on it."""
    written = (
        b"fna-batch event 1\n"
        b'{"batch_id":"00000000-0000-0000-0000-000000000001","data":{"attempt":1,"worker_id":"w1"},'
        b'"metadata":{"actor":"worker:w1","correlation_id":"00000000-0000-0000-0000-000000000002"},'
        b'"previous_hash":"0000000000000000000000000000000000000000000000000000000000000000",'
        b'"recorded_at":"2026-03-03T12:00:00.123456Z","schema_version":1,"type":"Started","version":1}'
    )
    assert EVENT.hash == hashlib.sha256(written).digest()


def test_the_hash_covers_every_field() -> None:
    changes: list[dict[str, Any]] = [
        {"batch_id": UUID(int=7)},
        {"version": 2},
        {"type": "Finished"},
        {"schema_version": 2},
        {"data": {"worker_id": "w2", "attempt": 1}},
        {"metadata": {}},
        {"recorded_at": EVENT.recorded_at + timedelta(microseconds=1)},
        {"previous_hash": bytes([1]) * 32},
    ]
    assert {name for change in changes for name in change} | {"hash"} == set(StoredEvent.__dataclass_fields__)
    for change in changes:
        assert replace(EVENT, **change).computed_hash() != EVENT.hash


def test_an_instant_is_written_in_utc_whatever_its_zone() -> None:
    noon = datetime(2026, 3, 3, 12, tzinfo=UTC)
    assert instant(noon) == instant(noon.astimezone(timezone(timedelta(hours=5)))) == "2026-03-03T12:00:00.000000Z"
