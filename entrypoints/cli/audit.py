"""audit: the history of a batch, verification, rebuild and replay."""

import importlib
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, cast
from uuid import UUID

import typer

from application.audit.batch_audit import History
from application.audit.drift import shown
from application.log import instant
from application.operations.rebuild import Progress
from application.operations.replay import Difference, Projector
from application.operator_actions import OperatorAction
from entrypoints.cli.attribution import Actor, Reason, attribution
from entrypoints.cli.on_database import run_on_database
from entrypoints.cli.output import AsJson, WrongUse, print_json, progress
from entrypoints.cli.verification import count_of_batches, event_lines, summary
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
def rebuild(
    batch: Annotated[UUID | None, typer.Option(help="One batch. [default: all batches]")] = None,
    reason: Reason = "rebuild by hand",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Rebuild the read model from the log while the service runs. Safe to interrupt and to repeat.

    Exit 1 if the log itself is damaged, so that a batch has no row.
    """
    operator = attribution(reason, actor)
    if batch is not None:
        drift = run_on_database(lambda container: container.rebuild().batch(batch, operator))
        if as_json:
            print_json([finding.as_dict() for finding in drift])
        else:
            print("\n".join(map(str, drift)) + "\nRepaired." if drift else "Nothing had to be repaired.")
        return

    async def run(container: Container) -> Progress:
        done = Progress()
        with progress("Rebuilding", await container.verification().batch_count()) as line:
            async for done in container.rebuild().everything(operator):
                line.show(done.batches)
        return done

    done = run_on_database(run)
    if as_json:
        print_json(asdict(done) | {"damage": [finding.as_dict() for finding in done.damage]})
    else:
        for finding in done.damage:
            print(finding)
        changes = f"{done.drifted} had drifted, {done.added} were added, {done.removed} removed"
        if done.damaged:
            changes += f"; {done.damaged} are damaged, `fna-batch audit verify` lists them"
        print(f"{count_of_batches(done.batches)} rebuilt: {changes}.")
    if done.damaged:
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


@app.command()
def replay(
    projector: Annotated[
        str, typer.Option(help="module:name of a function with the signature of application.read_model:project.")
    ],
    as_json: AsJson = False,
) -> None:
    """Run another projector over the log, and list the batches whose rows would differ. Exit 1 if any would."""
    other = _imported(projector)

    async def run(container: Container) -> tuple[int, list[Difference]]:
        replayed, differences = 0, []
        with progress("Replaying", await container.verification().batch_count()) as line:
            async for _, different in container.replay()(other):
                replayed += 1
                differences += [different] if different else []
                line.show_thousandths(replayed)
        return replayed, differences

    replayed, differences = run_on_database(run)
    if as_json:
        print_json({"batches": replayed, "differences": [asdict(each) for each in differences]})
    else:
        for each in differences:
            fields = [f"{name} is {shown(is_)}, would be {shown(other)}" for name, (is_, other) in each.fields.items()]
            print(f"batch {each.batch_id}: {each.error or '; '.join(fields)}")
        print(f"{count_of_batches(replayed)} replayed, {len(differences)} would differ.")
    if differences:
        raise typer.Exit(1)


def _print_history(found: History) -> None:
    for line in (*event_lines(found.events), *map(str, found.damage)):
        print(line)
    if found.as_of is not None and (job := found.job) is not None:
        counts = f"{job.successful} successful, {job.failed} failed, {job.total_reports} in all"
        print(f"At {instant(found.as_of)} it was {job.status}: {counts}.")


def _action_as_dict(action: OperatorAction, hash_: bytes, damaged: set[UUID]) -> dict[str, Any]:
    return action.hashed() | {"hash": hash_.hex(), "damaged": action.act_id in damaged}


def _imported(name: str) -> Projector:
    module, _, attribute = name.partition(":")
    sys.path.insert(0, "")
    try:
        return cast(Projector, getattr(importlib.import_module(module), attribute))
    except Exception as missing:
        cause = f"{type(missing).__name__}: {missing}"
        raise WrongUse(f"--projector needs module:name of a function; {name} is not one: {cause}") from None


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
