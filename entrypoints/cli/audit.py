"""audit: what happened to a batch, and whether log and read model can be believed."""

import importlib
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, cast
from uuid import UUID

import typer

from application.audit.batch_audit import History, shown
from application.log import instant
from application.operations.rebuild import Difference, Progress, Projector
from application.operator_actions import OperatorAction
from entrypoints.cli.attribution import Actor, Reason, why
from entrypoints.cli.on_database import with_container
from entrypoints.cli.output import AsJson, WrongUse, print_json, progress
from entrypoints.cli.verification import counted, trail, verdict, verified
from entrypoints.container import Container

app = typer.Typer(help="What happened, and can it be believed?", no_args_is_help=True, rich_markup_mode=None)
Kept = Annotated[
    list[Path] | None,
    typer.Option("--checkpoint", exists=True, dir_okay=False, help="A checkpoint that you kept, as a file."),
]
SIGNED = "\n\n\u2014 "
STATUS = ("batch_id", "status", "total_reports", "successful", "failed", "results", "processed_at")


@app.command()
def history(
    batch: UUID,
    as_of: Annotated[datetime | None, typer.Option(help="Only what was recorded up to then (UTC).")] = None,
    as_json: AsJson = False,
) -> None:
    """Every event of a batch, with its time, actor and reason; with --as-of also the status answer of that instant."""
    then = as_of.replace(tzinfo=UTC) if as_of is not None and as_of.tzinfo is None else as_of
    found = with_container(lambda container: container.audit().history(batch, then))
    if as_json:
        print_json(_as_dict(found))
    else:
        _tell(found)
    if found.damage:
        raise typer.Exit(1)


@app.command()
def verify(
    batch: Annotated[UUID | None, typer.Option(help="One batch; without it, the whole log.")] = None,
    checkpoint: Kept = None,
    as_json: AsJson = False,
) -> None:
    """Check chains, streams, the tree with its signed checkpoints, and the read model. Exit 1 where anything is wrong.

    Name the checkpoints that you kept: only they show a log that was rolled back or rewritten as a whole.
    """
    kept = [_kept(file) for file in checkpoint or ()]
    done = with_container(lambda container: verified(container, batch, kept))
    if as_json:
        print_json(asdict(done))
    else:
        for line in verdict(done):
            print(line)
    if done.findings:
        raise typer.Exit(1)


@app.command()
def rebuild(
    batch: Annotated[UUID | None, typer.Option(help="One batch alone.")] = None,
    reason: Reason = "rebuild by hand",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Make the read model anew from the log while the service goes on. Safe to interrupt, and to repeat.

    Exit 1 where the log itself is damaged, so that a batch gives no row.
    """
    acting = why(reason, actor)
    if batch is not None:
        found = with_container(lambda container: container.reprojection().repair(batch, acting))
        if as_json:
            print_json([asdict(finding) for finding in found])
        else:
            print("\n".join(map(str, found)) + "\nRepaired." if found else "Nothing had to be repaired.")
        return

    async def run(container: Container) -> Progress:
        with progress("Rebuilding", await container.audit_source().count()) as line:
            async for done in container.reprojection().rebuild(acting):
                line.show(done.batches)
        return done

    done = with_container(run)
    if as_json:
        print_json(asdict(done))
    else:
        for finding in done.damage:
            print(finding)
        changes = f"{done.drifted} had drifted, {done.added} were added, {done.removed} removed"
        if done.damaged:
            changes += f"; {done.damaged} are damaged, `fna-batch audit verify` names all"
        print(f"{counted(done.batches)} projected anew: {changes}.")
    if done.damaged:
        raise typer.Exit(1)


@app.command()
def acts(as_json: AsJson = False) -> None:
    """What operators, and workers on their own, did besides the lives of batches, with actor and reason."""

    async def run(container: Container) -> list[tuple[OperatorAction, bytes]]:
        found: list[tuple[OperatorAction, bytes]] = []
        while page := await container.sealed_log().acts(after=found[-1][0].act_id if found else None, limit=1000):
            found += page
        return found

    found = with_container(run)
    changed = {act.act_id for act, hash_ in found if act.computed_hash() != hash_}
    if as_json:
        print_json([act.hashed() | {"hash": hash_.hex(), "damaged": act.act_id in changed} for act, hash_ in found])
    for act, _ in () if as_json else found:
        data = " ".join(f"{name}={value}" for name, value in act.data.items())
        print(f"{instant(act.recorded_at)}  {act.kind:<10}  {act.actor:<30}  {act.reason!r}  {data}")
        if act.act_id in changed:
            print(f"act {act.act_id}: its content does not match its hash")
    if changed:
        raise typer.Exit(1)


@app.command()
def replay(
    projector: Annotated[str, typer.Option(help="Another projector: module:name, called as application.read_model's.")],
    as_json: AsJson = False,
) -> None:
    """Run another projector over the real log, aside, and tell which batches would differ. Exit 1 where any would."""
    other = _imported(projector)

    async def run(container: Container) -> tuple[int, list[Difference]]:
        replayed, differences = 0, []
        with progress("Replaying", await container.audit_source().count()) as line:
            async for _, different in container.replay()(other):
                replayed += 1
                differences += [different] if different else []
                line.sometimes(replayed)
        return replayed, differences

    replayed, differences = with_container(run)
    if as_json:
        print_json({"batches": replayed, "differences": [asdict(each) for each in differences]})
    else:
        for each in differences:
            told = [f"{name} is {shown(was)}, would be {shown(be)}" for name, (was, be) in each.fields.items()]
            print(f"batch {each.batch_id}: {each.error or '; '.join(told)}")
        print(f"{counted(replayed)} replayed, {len(differences)} would differ.")
    if differences:
        raise typer.Exit(1)


def _tell(found: History) -> None:
    for line in (*trail(found.events), *map(str, found.damage)):
        print(line)
    if found.as_of is not None and (job := found.job) is not None:
        counts = f"{job.successful} successful, {job.failed} failed, {job.total_reports} in all"
        print(f"At {instant(found.as_of)} it was {job.status}: {counts}.")


def _imported(name: str) -> Projector:
    module, _, attribute = name.partition(":")
    sys.path.insert(0, "")
    try:
        return cast(Projector, getattr(importlib.import_module(module), attribute))
    except Exception as missing:
        why_not = f"{type(missing).__name__}: {missing}"
        raise WrongUse(f"--projector wants module:name of a function; {name} is none: {why_not}") from None


def _as_dict(found: History) -> dict[str, Any]:
    batch = None if found.job is None else {name: getattr(found.job, name) for name in STATUS}
    return {
        "batch_id": found.batch_id,
        "as_of": None if found.as_of is None else instant(found.as_of),
        "batch": batch,
        "events": [event.hashed() | {"hash": event.hash.hex()} for event in found.events],
        "damage": [asdict(finding) for finding in found.damage],
    }


def _kept(file: Path) -> str:
    """The note in a file: as it is, or in the JSON of the API or of `audit checkpoint --json`."""
    try:
        text = file.read_text(encoding="utf-8").strip()
        note = json.loads(text)["note"] if text.startswith("{") else f"{text}\n"
        if SIGNED not in note:
            raise ValueError(note)
    except (ValueError, KeyError, TypeError, OSError):
        raise WrongUse(f"{file} holds no signed checkpoint.") from None
    return str(note)
