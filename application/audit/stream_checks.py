"""Checks of one batch's events: the hash chain, the leaves of the tree, the shapes, the invariants of a stream."""

from collections.abc import Iterator, Sequence

from application.audit.findings import Finding, Table
from application.audit.ports.audit_source import AuditedBatch
from application.errors import EventUnreadable
from application.log import NO_HASH, StoredEvent
from application.ports.codec import EventCodec
from application.streams import Stream
from domain.stream_invariants import violations

EMPTY = Stream(())


def checked_stream(audited: AuditedBatch, codec: EventCodec) -> tuple[Stream, Sequence[Finding]]:
    """Return the decoded stream with the damage found in it. The stream is empty when there is damage."""
    events, damage = [], [*_chain_damage(audited.events), *_leaf_damage(audited)]
    for stored in audited.events:
        try:
            events.append(codec.decode(stored))
        except EventUnreadable as unreadable:
            damage.append(_damage(stored, f"the event cannot be read: {unreadable.why}"))
    if not damage:
        damage = [
            Finding(table=Table.BATCH_EVENTS, batch_id=audited.batch_id, version=version, problem=problem)
            for version, problem in violations(recorded.event for recorded in events)
        ]
    return (EMPTY if damage else Stream(events)), damage


def _chain_damage(stream: Sequence[StoredEvent]) -> Iterator[Finding]:
    previous: StoredEvent | None = None
    for version, stored in enumerate(stream, start=1):
        if stored.version != version:
            yield _damage(stored, f"version {version} is missing before it")
            return
        if stored.previous_hash != (previous.hash if previous else NO_HASH):
            yield _damage(stored, "it does not link to the hash of the event before it")
        if stored.hash != stored.computed_hash():
            yield _damage(stored, "its content does not match its hash")
        if previous and stored.recorded_at < previous.recorded_at:
            yield _damage(stored, "its time is earlier than that of the event before it")
        previous = stored


def _leaf_damage(audited: AuditedBatch) -> Iterator[Finding]:
    hashes = {stored.version: stored.hash for stored in audited.events}
    for version, leaf_data in sorted(audited.leaves.items()):
        if version not in hashes:
            yield _damage_at(audited, version, "a checkpoint covers the event, but the event is missing")
        elif hashes[version] != leaf_data:
            yield _damage_at(audited, version, "it is not the event that a checkpoint covers")
    for version in sorted(audited.inserted_behind_checkpoint):
        problem = "no checkpoint covers it, although later events are covered: it was inserted or moved afterwards"
        yield _damage_at(audited, version, problem)
    for version in sorted(audited.from_unstarted_transaction):
        problem = "its transaction has not started: it was changed, or comes from another cluster (docs/event-log.md)"
        yield _damage_at(audited, version, problem)


def _damage(stored: StoredEvent, problem: str) -> Finding:
    return Finding(table=Table.BATCH_EVENTS, batch_id=stored.batch_id, version=stored.version, problem=problem)


def _damage_at(audited: AuditedBatch, version: int, problem: str) -> Finding:
    return Finding(table=Table.BATCH_EVENTS, batch_id=audited.batch_id, version=version, problem=problem)
