"""audit: what happened to a batch, and whether log and read model can be believed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer

from application.audit import Finding
from application.log import RecordedEvent, instant
from entrypoints.cli.output import AsJson, BadAnswer, ProgressLine, print_json, progress
from entrypoints.container import Container, database
from entrypoints.settings import Settings

app = typer.Typer(help="What happened, and can it be believed?", no_args_is_help=True, rich_markup_mode=None)
T = TypeVar("T")
NOT_SHOWN = ("report_ids", "errors", "user_id", "worker_id")
"""Too long for a line, or said by the actor."""


@app.command()
def history(
    batch: UUID,
    as_of: Annotated[datetime | None, typer.Option(help="Only what was recorded up to then (UTC).")] = None,
    as_json: AsJson = False,
) -> None:
    """Every event of a batch, with its time, actor and reason."""
    events = with_container(lambda container: container.audit().history(batch))
    if as_of is not None:
        then = as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC)
        events = [event for event in events if event.recorded_at <= then]
    if not events:
        raise BadAnswer(f"The log knows no batch {batch}{' at that instant' if as_of else ''}.")
    if as_json:
        print_json([_as_dict(event) for event in events])
        return
    for line in trail(events):
        print(line)


@app.command()
def verify(
    batch: Annotated[UUID | None, typer.Option(help="One batch; without it, all.")] = None, as_json: AsJson = False
) -> None:
    """Check hash chains and streams, and the read model against the log. Exit 1 where anything is wrong."""
    checked, findings = with_container(lambda container: checked_batches(container, batch))
    if as_json:
        print_json({"batches": checked, "findings": [asdict(finding) for finding in findings]})
    else:
        for line in verdict(checked, findings):
            print(line)
    if findings:
        raise typer.Exit(1)


async def checked_batches(container: Container, batch: UUID | None) -> tuple[int, Sequence[Finding]]:
    """How many batches were checked, and everything that is wrong with them."""
    found: list[Finding] = []
    checked = 0
    audit = container.audit()
    with progress("Verifying", 1 if batch else await container.audit_source().count()) as line:
        async for _, problems in audit.verify(batch):
            checked += 1
            found.extend(problems)
            _sometimes(line, checked)
    return checked, found


def verdict(checked: int, findings: Sequence[Finding]) -> list[str]:
    """For a reader: the findings, then the sum."""
    told = [
        f"batch {finding.batch_id}{f' version {finding.version}' if finding.version else ''}: {finding.problem}"
        for finding in findings
    ]
    batches = f"{checked} batch{'' if checked == 1 else 'es'}"
    sound = f"{batches} verified: every hash chain holds, every stream is well formed, batch_jobs equals the log."
    return [
        *told,
        sound if not findings else f"{batches} checked, {len(findings)} finding{'' if len(findings) == 1 else 's'}.",
    ]


def trail(events: Sequence[RecordedEvent]) -> list[str]:
    """One line an event: version, time, type, actor, and what it says."""
    told = []
    for recorded in events:
        said = {name: value for name, value in asdict(recorded.event).items() if name not in NOT_SHOWN}
        details = " ".join(f"{name}={value}" for name, value in said.items() if value is not None)
        reason = f" reason={recorded.metadata.reason!r}" if recorded.metadata.reason else ""
        told.append(
            f"{recorded.version:>3}  {instant(recorded.recorded_at)}  {type(recorded.event).__name__:<15}  "
            f"{recorded.metadata.actor:<46}  {details}{reason}"
        )
    return told


def with_container(work: Callable[[Container], Awaitable[T]]) -> T:
    """Run `work` on the database of the settings."""
    settings = Settings()

    async def run(url: str) -> T:
        container = Container(settings=settings, database_url=url)
        async with container.pool():
            return await work(container)

    with database(settings) as found:
        return asyncio.run(run(found.url))


def _sometimes(line: ProgressLine, checked: int) -> None:
    if checked % 1000 == 0:
        line.show(checked)


def _as_dict(recorded: RecordedEvent) -> dict[str, Any]:
    return {
        "version": recorded.version,
        "type": type(recorded.event).__name__,
        "recorded_at": instant(recorded.recorded_at),
        "data": asdict(recorded.event),
        "metadata": asdict(recorded.metadata),
        "hash": recorded.hash.hex(),
    }
