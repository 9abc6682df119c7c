"""cleanup, erase, redispatch, explain, stats: what an operator does and asks, on the database itself."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import typer

from application.log import instant
from application.operations.explain import Explanation
from entrypoints.cli.attribution import Actor, Reason, why
from entrypoints.cli.on_database import with_container
from entrypoints.cli.output import AsJson, BadAnswer, WrongUse, print_json
from entrypoints.cli.verification import counted
from entrypoints.container import Container, database, statistics
from entrypoints.settings import Settings

UNITS = {"h": 3600, "d": 86400, "w": 7 * 86400}
MOST_DAYS = 36500


def register(app: typer.Typer) -> None:
    for command in (stats, explain, redispatch, cleanup, erase):
        app.command()(command)


def cleanup(
    older_than: Annotated[str, typer.Option(help="Age since the last report was processed: 30d, 12h, 4w.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many it would be.")] = False,
    reason: Reason = "cleanup by hand",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Remove finished batches from the read model. They stay in the log, and in the audit."""
    age, acting = _age(older_than), why(reason, actor)

    async def run(container: Container) -> int:
        if dry_run:
            return await container.retention().due(age)
        return sum([removed async for removed in container.retention().clean(age, acting)])

    rows = with_container(run)
    if as_json:
        print_json({"batches": rows, "dry_run": dry_run})
    else:
        print(f"{rows} finished batches {'would leave' if dry_run else 'left'} batch_jobs; the log keeps them.")


def erase(
    user: Annotated[UUID, typer.Option(help="Whose data.")],
    reason: Reason,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Erase what a user brought in: cancel what runs, remove uploads, analyses and rows, and record that."""
    acting = why(reason, actor)
    erased = with_container(lambda container: container.erasure()(user, acting))
    if as_json:
        print_json(asdict(erased))
    else:
        print(
            f"{erased.cancelled} batches cancelled, {erased.batches} rows and {erased.reports} reports removed. "
            "The log keeps ids alone: docs/retention.md says what remains, and why."
        )
    if erased.damaged:
        which = ", ".join(map(str, erased.damaged[:3]))
        raise BadAnswer(
            f"{counted(len(erased.damaged))} could not be cancelled, since the log is damaged there ({which}): "
            "run `fna-batch audit verify`. Everything else of the user is gone."
        )


def redispatch(batch: UUID, reason: Reason, actor: Actor = None) -> None:
    """Take an unfinished batch from whoever holds it, and have a worker take it now. It costs no attempt."""
    acting = why(reason, actor)
    with_container(lambda container: container.redispatch()(batch, acting))
    print("The next free worker takes it.")


def explain(batch: UUID, as_json: AsJson = False) -> None:
    """Why a batch stands as it stands, what happens next by itself, and what to run where that should not wait."""
    found = with_container(lambda container: container.explain_batch()(batch))
    if as_json:
        print_json(_as_dict(found))
        return
    for line in _told(found):
        print(line)


def stats(as_json: AsJson = False) -> None:
    """How many batches there are in which status, and how the queue and the log stand."""
    with database(Settings()) as found:
        seen = statistics(found.url)
    if as_json:
        print_json(seen)
        return
    for name, value in seen.items():
        print(f"{name.replace('_', ' '):<28} {'-' if value is None else value}")


def _told(found: Explanation) -> list[str]:
    by = found.set_by
    event = f"{type(by.event).__name__} (version {by.version}, {instant(by.recorded_at)}, {by.metadata.actor})"
    told = [f"Batch {found.batch_id} is {found.status} since {event}."]
    if found.holder is not None and found.since is not None:
        heard = f", last heard of {instant(found.last_heard_of)}" if found.last_heard_of else ""
        told.append(f"Worker {found.holder} has it since {instant(found.since)}{heard}.")
    if found.reports_left:
        attempts = f"attempt {found.attempt}, {found.attempts_left} left" if found.attempt else "no attempt yet"
        told.append(f"{found.reports_left} reports have no outcome yet; the next one: {attempts}.")
    told += [f"But {finding.problem}." for finding in found.drift]
    told.append(f"Next: {found.next_step}" + (f" By {instant(found.when)} at the latest." if found.when else ""))
    if found.command:
        told.append(f"To act now: {found.command}")
    return told


def _as_dict(found: Explanation) -> dict[str, Any]:
    by = found.set_by
    told = {name: getattr(found, name) for name in Explanation.__dataclass_fields__ if name not in ("set_by", "drift")}
    told["drift"] = [finding.problem for finding in found.drift]
    set_by = {"type": type(by.event).__name__, "version": by.version, "recorded_at": by.recorded_at}
    return told | {"set_by": set_by | {"actor": by.metadata.actor}}


def _age(text: str) -> timedelta:
    number, unit = text[:-1], text[-1:]
    if not number.isdecimal() or unit not in UNITS or int(number) * UNITS[unit] > MOST_DAYS * 86400:
        raise WrongUse("--older-than wants an age such as 30d, 12h or 4w.")
    return timedelta(seconds=int(number) * UNITS[unit])
