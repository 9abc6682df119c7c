"""stats, explain, redispatch, cleanup, erase: commands for operators, on the database itself."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import typer

from application.log import instant
from application.operations.explain import Explanation
from entrypoints.cli.attribution import Actor, Reason, attribution
from entrypoints.cli.on_database import run_on_database
from entrypoints.cli.output import AsJson, BadAnswer, WrongUse, print_json
from entrypoints.cli.verification import count_of_batches
from entrypoints.container import Container, database, statistics
from entrypoints.settings import Settings

UNITS = {"h": 3600, "d": 86400, "w": 7 * 86400}
MOST_DAYS = 36500


def register(app: typer.Typer) -> None:
    for command in (stats, explain, redispatch, cleanup, erase):
        app.command()(command)


def cleanup(
    older_than: Annotated[str, typer.Option(help="Age since the latest report was processed: 30d, 12h, 4w.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the count.")] = False,
    reason: Reason = "cleanup by hand",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Remove finished batches from the read model. The log and the audit keep them."""
    age, operator = _age(older_than), attribution(reason, actor)

    async def run(container: Container) -> int:
        if dry_run:
            return await container.retention().due(age)
        return sum([removed async for removed in container.retention().clean(age, operator)])

    rows = run_on_database(run)
    if as_json:
        print_json({"batches": rows, "dry_run": dry_run})
    else:
        verb = "would leave" if dry_run else "left"
        print(f"{count_of_batches(rows)} {verb} batch_jobs; the log keeps them.")


def erase(
    user: Annotated[UUID, typer.Option(help="The user whose data is erased (UUID).")],
    reason: Reason,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Erase a user's data: cancel running batches, remove uploads, analyses and rows, and record the erasure."""
    operator = attribution(reason, actor)
    erased = run_on_database(lambda container: container.erase_user()(user, operator))
    if as_json:
        print_json(asdict(erased))
    else:
        print(
            f"{erased.cancelled} batches cancelled, {erased.batches} rows and {erased.reports} reports removed. "
            "The log keeps only ids: docs/retention.md says what remains, and why."
        )
    if erased.damaged:
        damaged, named = count_of_batches(len(erased.damaged)), ", ".join(map(str, erased.damaged[:3]))
        raise BadAnswer(
            f"{damaged} could not be cancelled, because the log is damaged there ({named}): "
            "run `fna-batch audit verify`. All other data of the user is erased."
        )


def redispatch(batch: UUID, reason: Reason, actor: Actor = None) -> None:
    """Take an unfinished batch from its holder, so that another worker claims it now. This costs no attempt."""
    operator = attribution(reason, actor)
    run_on_database(lambda container: container.redispatch()(batch, operator))
    print("The next free worker claims the batch.")


def explain(batch: UUID, as_json: AsJson = False) -> None:
    """Explain the status of a batch, its next step, and the command that speeds it up."""
    explanation = run_on_database(lambda container: container.explain_batch()(batch))
    if as_json:
        print_json(_explanation_as_dict(explanation))
        return
    for line in _explanation_lines(explanation):
        print(line)


def stats(as_json: AsJson = False) -> None:
    """Show the counts of batches by status, of the queue and of the log."""
    with database(Settings()) as running:
        figures = statistics(running.url)
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):<28} {'-' if value is None else value}")


def _explanation_lines(explanation: Explanation) -> list[str]:
    by = explanation.set_by
    event = f"{type(by.event).__name__} (version {by.version}, {instant(by.recorded_at)}, {by.metadata.actor})"
    lines = [f"Batch {explanation.batch_id} is {explanation.status}, set by {event}."]
    if explanation.holder is not None and explanation.since is not None:
        heard = f", latest heartbeat {instant(explanation.last_heard_of)}" if explanation.last_heard_of else ""
        lines.append(f"Worker {explanation.holder} has held it since {instant(explanation.since)}{heard}.")
    if explanation.reports_left:
        attempts = "no attempt yet"
        if explanation.attempt:
            attempts = f"attempt {explanation.attempt}, {explanation.attempts_left} left"
        lines.append(f"Reports without an outcome: {explanation.reports_left}; the next one: {attempts}.")
    lines += [f"But {finding.problem}." for finding in explanation.drift]
    at_latest = f" By {instant(explanation.when)} at the latest." if explanation.when else ""
    lines.append(f"Next: {explanation.next_step}{at_latest}")
    if explanation.command:
        lines.append(f"To act now: {explanation.command}")
    return lines


def _explanation_as_dict(explanation: Explanation) -> dict[str, Any]:
    by = explanation.set_by
    fields = {name: getattr(explanation, name) for name in Explanation.__dataclass_fields__}
    return fields | {
        "drift": [finding.problem for finding in explanation.drift],
        "set_by": {
            "type": type(by.event).__name__,
            "version": by.version,
            "recorded_at": by.recorded_at,
            "actor": by.metadata.actor,
        },
    }


def _age(text: str) -> timedelta:
    number, unit = text[:-1], text[-1:]
    if not number.isdecimal() or unit not in UNITS or int(number) * UNITS[unit] > MOST_DAYS * 86400:
        raise WrongUse("--older-than needs an age such as 30d, 12h or 4w.")
    return timedelta(seconds=int(number) * UNITS[unit])
