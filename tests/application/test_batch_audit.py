"""The audit of one batch names what is wrong with its hash chain, its stream and its row."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from application.audit.batch_audit import BatchAudit
from application.audit.findings import Finding
from application.audit.ports.audit_source import AuditedBatch, AuditSource
from application.log import NO_HASH, StoredEvent, with_hash
from application.read_model import BatchJob
from domain.statuses import BatchStatus
from tests.application.batches import HeldLease, ScriptedAnalyzer, submitted, worker
from tests.application.conftest import World

Stream = list[StoredEvent]


class OneBatch(AuditSource):
    def __init__(self, audited: AuditedBatch) -> None:
        self.audited = audited

    async def batch(self, batch_id: UUID) -> AuditedBatch:
        return self.audited

    async def batches(self, after: UUID | None = None, page: int = 500) -> AsyncIterator[AuditedBatch]:
        yield self.audited

    async def count(self) -> int:
        return 1


async def findings(world: World, audited: AuditedBatch) -> Sequence[Finding]:
    audit = BatchAudit(OneBatch(audited), world.codec, world.clock, retention=timedelta(days=30))
    return [finding async for _, found in audit.batches() for finding in found]


@pytest.fixture
async def whole(world: World) -> AuditedBatch:
    batch_id = await submitted(world)
    await worker(world, ScriptedAnalyzer())(batch_id, "w1", HeldLease())
    state = world.storage.state
    return AuditedBatch(batch_id=batch_id, events=list(state.events[batch_id]), job=state.jobs[batch_id])


async def test_an_untouched_batch_has_no_findings(world: World, whole: AuditedBatch) -> None:
    assert await findings(world, whole) == []


def change_data(stream: Stream) -> Stream:
    return [*stream[:2], replace(stream[2], data={**stream[2].data, "duration_ms": 99}), *stream[3:]]


def change_and_rehash(stream: Stream) -> Stream:
    return [*stream[:2], with_hash(replace(stream[2], data={**stream[2].data, "duration_ms": 99})), *stream[3:]]


def drop_one(stream: Stream) -> Stream:
    return [*stream[:2], *stream[3:]]


def exchange(stream: Stream) -> Stream:
    return [stream[0], stream[1], replace(stream[3], version=3), replace(stream[2], version=4), stream[4]]


def backdate(stream: Stream) -> Stream:
    earlier = stream[0].recorded_at - timedelta(days=1)
    return relinked([*stream[:4], replace(stream[4], recorded_at=earlier)])


def cut_tail(stream: Stream) -> Stream:
    return stream[:-1]


def unknown_type(stream: Stream) -> Stream:
    return relinked([*stream[:1], replace(stream[1], type="Repaired"), *stream[2:]])


def wrong_count(stream: Stream) -> Stream:
    return relinked([*stream[:4], replace(stream[4], data={**stream[4].data, "successful": 1, "failed": 1})])


def out_of_turn(stream: Stream) -> Stream:
    return relinked([*stream[:2], replace(stream[3], version=3), replace(stream[2], version=4), stream[4]])


def relinked(stream: Stream) -> Stream:
    """Link the events again, as a forger who can compute hashes would."""
    previous, linked = NO_HASH, []
    for event in stream:
        linked.append(with_hash(replace(event, previous_hash=previous)))
        previous = linked[-1].hash
    return linked


@pytest.mark.parametrize(
    ("tamper", "version", "problem"),
    [
        (change_data, 3, "does not match its hash"),
        (change_and_rehash, 4, "does not link"),
        (drop_one, 4, "version 3 is missing"),
        (exchange, 3, "does not link"),
        (backdate, 5, "its time is earlier"),
        (cut_tail, 4, "Finished is missing"),
        (unknown_type, 2, "cannot be read"),
        (wrong_count, 5, "Finished does not match"),
        (out_of_turn, 3, "out of order"),
    ],
)
async def test_a_stream_that_was_tampered_with_is_damaged_at_a_version(
    world: World, whole: AuditedBatch, tamper: Callable[[Stream], Stream], version: int, problem: str
) -> None:
    found = await findings(world, replace(whole, events=tamper(list(whole.events))))
    assert any(finding.version == version and problem in finding.problem for finding in found), found


@pytest.mark.parametrize("name", list(BatchJob.__dataclass_fields__))
async def test_drift_in_any_field_of_the_read_model_is_named(world: World, whole: AuditedBatch, name: str) -> None:
    others: dict[str, Any] = {
        "status": BatchStatus.FAILED,
        "report_ids": (),
        "results": (),
        "processed_at": None,
        "created_at": world.clock() - timedelta(days=1),
        "updated_at": world.clock() - timedelta(days=1),
    }
    assert whole.job is not None
    value = others.get(name, UUID(int=0) if name.endswith("_id") else 99)
    found = await findings(world, replace(whole, job=replace(whole.job, **{name: value})))
    assert [finding.version for finding in found] == [None]
    assert f"batch_jobs.{name} is" in found[0].problem


async def test_a_row_without_events_and_events_without_a_row_are_drift(world: World, whole: AuditedBatch) -> None:
    (phantom,) = await findings(world, replace(whole, events=[]))
    assert "the log has no event" in phantom.problem
    (missing,) = await findings(world, replace(whole, job=None))
    assert "no row" in missing.problem


async def test_a_row_that_cannot_be_read_is_drift(world: World, whole: AuditedBatch) -> None:
    (finding,) = await findings(world, replace(whole, job=None, unreadable="status is 'DONE'"))
    assert "status is 'DONE'" in finding.problem


async def test_only_the_row_of_an_old_finished_batch_may_be_missing(world: World, whole: AuditedBatch) -> None:
    world.clock.move(seconds=30 * 86400 + 1)
    assert await findings(world, replace(whole, job=None)) == []
    unfinished = replace(whole, events=whole.events[:2], job=None)
    assert len(await findings(world, unfinished)) == 1
