"""Verifying, and what a reader is told of it; a batch's events as lines."""

from collections.abc import Sequence
from uuid import UUID

from application.audit import Finding
from application.log import StoredEvent, instant
from entrypoints.cli.output import progress
from entrypoints.container import Container

NOT_SHOWN = ("report_ids", "errors", "user_id", "worker_id")
"""Too long for a line, or said by the actor."""
ORDER = ("tier", "attempt", "report_id", "code", "analysis_id", "duration_ms", "status", "successful", "failed")
"""The database keeps fields in an order of its own."""


async def verified(
    container: Container, batch: UUID | None, kept: Sequence[str] = ()
) -> tuple[int, int, Sequence[Finding]]:
    """How many batches were checked, how many entries of the tree, and everything that is wrong."""
    found: list[Finding] = []
    checked = sealed = 0
    with progress("Verifying", 1 if batch else await container.audit_source().count()) as line:
        async for _, problems in container.audit().verify(batch):
            checked += 1
            found.extend(problems)
            line.sometimes(checked)
    if batch is None or kept:
        last = await container.sealed_log().latest()
        with progress("Recomputing the tree", last.size if last else 0) as line:
            async for sealed, problems in container.seal_audit().verify(kept):
                found.extend(problems)
                line.sometimes(sealed)
    return checked, sealed, found


def verdict(checked: int, sealed: int, findings: Sequence[Finding]) -> list[str]:
    """For a reader: the findings, then the sum."""
    batches = counted(checked)
    if findings:
        return [*map(str, findings), f"{batches} checked, {len(findings)} finding{'' if len(findings) == 1 else 's'}."]
    sound = f"{batches} verified: every hash chain holds, every stream is well formed, batch_jobs equals the log."
    tree = f"{sealed} entries are sealed: the tree gives the root of every checkpoint, and every signature fits."
    return [sound, tree] if sealed else [sound]


def counted(batches: int) -> str:
    return f"{batches} batch{'' if batches == 1 else 'es'}"


def trail(events: Sequence[StoredEvent]) -> list[str]:
    """One line an event: version, time, type, actor, and what it says."""
    told = []
    for event in events:
        named = sorted(event.data, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
        said = {name: event.data[name] for name in named if name not in (*NOT_SHOWN, "reason")}
        details = " ".join(f"{name}={value}" for name, value in said.items() if value is not None)
        reason = event.data.get("reason") or event.metadata.get("reason")
        because = f" reason={reason!r}" if reason else ""
        told.append(
            f"{event.version:>3}  {instant(event.recorded_at)}  {event.type:<15}  "
            f"{event.metadata.get('actor', '?'):<46}  {details}{because}".rstrip()
        )
    return told
