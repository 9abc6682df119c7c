"""Verification with a progress bar, its result as text, and a batch's events as text."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from uuid import UUID

from application.audit.verification import Verification
from application.audit.verified import OnProgress, Phase, Verified
from application.log import StoredEvent, instant
from entrypoints.cli.output import ProgressLine, progress

LABELS = {Phase.BATCHES: "Verifying", Phase.TREE: "Recomputing the tree"}
NOT_SHOWN = ("report_ids", "errors", "user_id", "worker_id", "reason")
"""Fields that are too long for a line, or are shown elsewhere in it."""
ORDER = ("tier", "attempt", "report_id", "code", "analysis_id", "duration_ms", "status", "successful", "failed")
"""The order of fields in a line; jsonb does not keep the order of keys."""


async def verify(verification: Verification, batch: UUID | None, kept: Sequence[str] = ()) -> Verified:
    """Verify one batch (null: everything), and show the progress on stderr."""
    with _progress_bars() as on_progress:
        if batch is not None:
            return await verification.batch(batch, kept, on_progress)
        return await verification.everything(kept, on_progress)


@contextmanager
def _progress_bars() -> Iterator[OnProgress]:
    """Provide a callback that shows one bar per phase."""
    with ExitStack() as bars:
        lines: dict[Phase, ProgressLine] = {}

        def on_progress(phase: Phase, done: int, total: int) -> None:
            if phase not in lines:
                bars.close()
                lines[phase] = bars.enter_context(progress(LABELS[phase], total))
            if done:
                lines[phase].show_thousandths(done)

        yield on_progress


def summary(verified: Verified) -> list[str]:
    """Return the lines of a result for people: the findings, then the totals."""
    batches, findings = count_of_batches(verified.batches), verified.findings
    if findings:
        return [*map(str, findings), f"{batches} checked, {len(findings)} finding{'' if len(findings) == 1 else 's'}."]
    lines = [
        f"{batches} verified: every hash chain holds, every stream keeps its invariants, batch_jobs equals the log."
    ]
    if verified.sealed:
        sealed = counted(verified.sealed, "entry is", "entries are")
        lines.append(
            f"{sealed} sealed: the recomputed tree matches the root of every checkpoint, and every signature is valid."
        )
    if verified.unsealed_since is not None:
        lines.append(
            f"No checkpoint covers {counted(verified.unsealed, 'event', 'events')} yet, the oldest recorded at "
            f"{instant(verified.unsealed_since)}: "
            "until one does, only the hash chains of their batches protect them, and a removed batch goes unnoticed."
        )
    if verified.archived_below is not None:
        lines.append(
            f"Batches with ids below {verified.archived_below} were archived: only the hashes of events that left the "
            "database were checked. Verify the archive as well."
        )
    return lines


def count_of_batches(count: int) -> str:
    return counted(count, "batch", "batches")


def counted(count: int, one: str, many: str) -> str:
    """Return the count with the noun in its right number."""
    return f"{count} {one if count == 1 else many}"


def event_lines(events: Sequence[StoredEvent]) -> list[str]:
    """Return one line per event: version, time, type, actor, and its fields."""
    return [_event_line(event) for event in events]


def _event_line(event: StoredEvent) -> str:
    names = sorted(event.data, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    shown = {name: event.data[name] for name in names if name not in NOT_SHOWN}
    fields = " ".join(f"{name}={value}" for name, value in shown.items() if value is not None)
    reason = event.data.get("reason") or event.metadata.get("reason")
    because = f" reason={reason!r}" if reason else ""
    return (
        f"{event.version:>3}  {instant(event.recorded_at)}  {event.type:<15}  "
        f"{event.metadata.get('actor', '?'):<46}  {fields}{because}"
    ).rstrip()
