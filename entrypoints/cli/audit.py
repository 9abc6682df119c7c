"""audit: the history of a batch, verification, and the record of operator actions."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from application.audit.batch_audit import History
from application.log import instant
from application.operator_actions import OperatorAction
from entrypoints.cli.on_database import run_on_database
from entrypoints.cli.output import AsJson, WrongUse, print_json
from entrypoints.cli.verification import event_lines, summary
from entrypoints.cli.verification import verify as verify_with_progress
from entrypoints.container import Container

app = typer.Typer(help="History, verification and proofs.", no_args_is_help=True, rich_markup_mode=None)
Kept = Annotated[
    list[Path] | None,
    typer.Option(
        "--checkpoint", exists=True, dir_okay=False, help="A checkpoint that you kept, as a file; may be repeated."
    ),
]
RecordedAction = tuple[OperatorAction, bytes]
SIGNED = "\n\n\u2014 "
STATUS = ("batch_id", "status", "total_reports", "successful", "failed", "results", "processed_at")


@app.command()
def history(
    batch: UUID,
    as_of: Annotated[datetime | None, typer.Option(help="Only events recorded up to this instant (UTC).")] = None,
    as_json: AsJson = False,
) -> None:
    """Show every event of a batch with its time, actor and reason; with --as-of, also its status at that instant."""
    then = as_of.replace(tzinfo=UTC) if as_of is not None and as_of.tzinfo is None else as_of
    found = run_on_database(lambda container: container.verification().history(batch, then))
    if as_json:
        print_json(_history_as_dict(found))
    else:
        _print_history(found)
    if found.damage:
        raise typer.Exit(1)


@app.command()
def verify(
    batch: Annotated[UUID | None, typer.Option(help="One batch. [default: the whole log]")] = None,
    checkpoint: Kept = None,
    as_json: AsJson = False,
) -> None:
    """Verify hash chains, streams, the signed tree and the read model. Exit 1 if there is any finding.

    Pass the checkpoints that you kept: only they reveal a log that was rolled back or rewritten as a whole.
    """
    kept = [_kept_note(file) for file in checkpoint or ()]
    verified = run_on_database(lambda container: verify_with_progress(container.verification(), batch, kept))
    if as_json:
        print_json(verified.as_dict())
    else:
        for line in summary(verified):
            print(line)
    if verified.findings:
        raise typer.Exit(1)


@app.command()
def acts(as_json: AsJson = False) -> None:
    """List operator actions, with actor and reason. Exit 1 if one does not match its hash."""

    async def run(container: Container) -> list[RecordedAction]:
        return [recorded async for recorded in container.verification().all_actions()]

    recorded = run_on_database(run)
    damaged = {action.act_id for action, hash_ in recorded if action.computed_hash() != hash_}
    if as_json:
        print_json([_action_as_dict(action, hash_, damaged) for action, hash_ in recorded])
    else:
        for action, _ in recorded:
            data = " ".join(f"{name}={value}" for name, value in action.data.items())
            moment = instant(action.recorded_at)
            print(f"{moment}  {action.kind:<10}  {action.actor:<30}  {action.reason!r}  {data}")
            if action.act_id in damaged:
                print(f"act {action.act_id}: its content does not match its hash")
    if damaged:
        raise typer.Exit(1)


def _print_history(found: History) -> None:
    for line in (*event_lines(found.events), *map(str, found.damage)):
        print(line)
    if found.as_of is not None and (job := found.job) is not None:
        counts = f"{job.successful} successful, {job.failed} failed, {job.total_reports} in all"
        print(f"At {instant(found.as_of)} it was {job.status}: {counts}.")


def _action_as_dict(action: OperatorAction, hash_: bytes, damaged: set[UUID]) -> dict[str, Any]:
    return action.hashed() | {"hash": hash_.hex(), "damaged": action.act_id in damaged}


def _history_as_dict(found: History) -> dict[str, Any]:
    batch = None if found.job is None else {name: getattr(found.job, name) for name in STATUS}
    return {
        "batch_id": found.batch_id,
        "as_of": None if found.as_of is None else instant(found.as_of),
        "batch": batch,
        "events": [event.hashed() | {"hash": event.hash.hex()} for event in found.events],
        "damage": [finding.as_dict() for finding in found.damage],
    }


def _kept_note(file: Path) -> str:
    """Return the note in a file: plain, or in the JSON of the API or of `audit checkpoint --json`."""
    try:
        text = file.read_text(encoding="utf-8").strip()
        note = json.loads(text)["note"] if text.startswith("{") else f"{text}\n"
        if SIGNED not in note:
            raise ValueError(note)
    except (ValueError, KeyError, TypeError, OSError):
        raise WrongUse(f"{file} does not hold a signed checkpoint.") from None
    return str(note)
