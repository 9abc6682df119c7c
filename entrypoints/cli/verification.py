"""Verifying, and what a reader is told of it; a batch's events as lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.audit.batch_audit import Finding
from application.log import StoredEvent, instant
from entrypoints.cli.output import progress
from entrypoints.container import Container

NOT_SHOWN = ("report_ids", "errors", "user_id", "worker_id")
"""Too long for a line, or said by the actor."""
ORDER = ("tier", "attempt", "report_id", "code", "analysis_id", "duration_ms", "status", "successful", "failed")
"""The database keeps fields in an order of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """How many `batches`, and `sealed` entries, were checked; those below `archived_below` may lie in files.

    `unsealed` events, the oldest of them recorded at `unsealed_since`, are covered by no checkpoint yet.
    """

    batches: int
    sealed: int
    archived_below: UUID | None
    unsealed: int
    unsealed_since: datetime | None
    findings: Sequence[Finding]


async def verified(container: Container, batch: UUID | None, kept: Sequence[str] = ()) -> Verified:
    """One batch or all, and the tree: always with all batches, with one where checkpoints were `kept`.

    What this machine remembers counts as kept, too.
    """
    found: dict[Finding, None] = {}
    checked = sealed = 0
    with progress("Verifying", 1 if batch else await container.audit_source().count()) as line:
        async for _, problems in container.audit().verify(batch):
            checked += 1
            found.update(dict.fromkeys(problems))
            line.sometimes(checked)
    if batch is not None:
        found.update(dict.fromkeys(await container.seal_audit().batch(batch)))
    if batch is None or kept:
        last = await container.sealed_log().latest()
        with progress("Recomputing the tree", last.size if last else 0) as line:
            remembered = container.witness().remembered()
            async for sealed, problems in container.seal_audit().verify([*kept, *([remembered] if remembered else ())]):
                found.update(dict.fromkeys(problems))
                if sealed:
                    line.sometimes(sealed)
    archived = [part.before for part in await container.sealed_log().archives()]
    below = max(archived, default=None)
    if batch is not None and below is not None and batch >= below:
        below = None
    unsealed, since = await container.sealed_log().unsealed_tail()
    return Verified(
        batches=checked,
        sealed=sealed,
        archived_below=below,
        unsealed=unsealed,
        unsealed_since=since,
        findings=list(found),
    )


def verdict(done: Verified) -> list[str]:
    """For a reader: the findings, then the sum."""
    batches, findings = counted(done.batches), done.findings
    if findings:
        return [*map(str, findings), f"{batches} checked, {len(findings)} finding{'' if len(findings) == 1 else 's'}."]
    told = [f"{batches} verified: every hash chain holds, every stream is well formed, batch_jobs equals the log."]
    if done.sealed:
        tree = "the tree gives the root of every checkpoint, and every signature fits"
        told.append(f"{done.sealed} entries are sealed: {tree}.")
    if done.unsealed_since is not None:
        told.append(
            f"{done.unsealed} events, the oldest of {instant(done.unsealed_since)}, are covered by no checkpoint yet: "
            "until then their batches' chains alone speak for them, and nothing for a batch that is gone."
        )
    if done.archived_below is not None:
        which = f"Batches with ids below {done.archived_below} were archived"
        told.append(f"{which}: of what is no longer here, the hashes alone were checked; verify the archive as well.")
    return told


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
